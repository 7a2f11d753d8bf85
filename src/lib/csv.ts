/** Spreadsheets run what starts with these: a quote before it makes it a text. */
const FORMULA = /^[=+\-@\t\r]/;
/** Texts that need a look: most have nothing of this. */
const SUSPECT = /[",\n\r]|^[=+\-@\t]/;

/** A text as one field of CSV (RFC 4180), safe to open in a spreadsheet. */
export function csvText(text: string): string {
  if (!SUSPECT.test(text)) return text;
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Numbers and fields that are CSV already as one line with its end. */
export const csvRecord = (fields: readonly (string | number)[]): string => `${fields.join(',')}\r\n`;
