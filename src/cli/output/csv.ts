import { type Cell, cellText, type Row } from './cell.js';

/** Spreadsheets run what starts with these: a quote before it makes it a text. */
const FORMULA = /^[=+\-@\t\r]/;

/** One field of RFC 4180, safe to open in a spreadsheet. */
export function csvField(cell: Cell): string {
  const text = cellText(cell);
  const safe = typeof cell === 'string' && FORMULA.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Rows as CSV (RFC 4180) with a header line. */
export function formatCsv(rows: readonly Row[], columns: readonly string[]): string {
  const lines = [columns.join(','), ...rows.map((row) => columns.map((column) => csvField(row[column])).join(','))];
  return `${lines.join('\r\n')}\r\n`;
}
