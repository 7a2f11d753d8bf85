import type { Cell, Row } from './cell.js';

/** Spreadsheets run what starts with these: a quote before it makes it a text. */
const FORMULA = /^[=+\-@\t\r]/;

function plainText(cell: Cell): string {
  if (cell === null || cell === undefined) return '';
  if (cell instanceof Date) return cell.toISOString();
  return typeof cell === 'object' ? cell.join(' ') : String(cell);
}

/** One field of RFC 4180, safe to open in a spreadsheet. Instants are ISO 8601 in UTC. */
function csvField(cell: Cell): string {
  const text = plainText(cell);
  const safe = typeof cell !== 'number' && FORMULA.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** One line of CSV, with its end. */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(csvField).join(',')}\r\n`;
}

/** Rows as CSV (RFC 4180) with a header line. */
export function formatCsv(rows: readonly Row[], columns: readonly string[]): string {
  return [columns, ...rows.map((row) => columns.map((column) => row[column]))].map(csvLine).join('');
}
