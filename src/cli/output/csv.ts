import { csvRecord, csvText } from '../../lib/csv.js';
import type { Cell, Row } from './cell.js';

function plainText(cell: Cell): string {
  if (cell === null || cell === undefined) return '';
  if (cell instanceof Date) return cell.toISOString();
  return Array.isArray(cell) ? cell.join(' ') : String(cell);
}

/** One field of CSV. Instants are ISO 8601 in UTC; numbers stay numbers. */
const csvField = (cell: Cell): string => (typeof cell === 'number' ? String(cell) : csvText(plainText(cell)));

/** One line of CSV, with its end. */
export function csvLine(cells: readonly Cell[]): string {
  return csvRecord(cells.map(csvField));
}

/** Rows as CSV (RFC 4180) with a header line. */
export function formatCsv(rows: readonly Row[], columns: readonly string[]): string {
  return [columns, ...rows.map((row) => columns.map((column) => row[column]))].map(csvLine).join('');
}
