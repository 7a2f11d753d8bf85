import { stringify } from 'yaml';
import type { Terminal } from '../terminal.js';
import type { Row } from './cell.js';
import { formatCsv } from './csv.js';
import { formatTable } from './table.js';

export const FORMATS = ['table', 'json', 'csv', 'yaml'] as const;
export type Format = (typeof FORMATS)[number];

/** Writes a list in the format asked for. Programs read json, csv and yaml: those say the same for ever. */
export function writeRows(terminal: Terminal, format: Format, rows: readonly Row[], columns: readonly string[]): void {
  if (format === 'json') terminal.out(`${JSON.stringify(rows, null, 2)}\n`);
  else if (format === 'yaml') terminal.out(stringify(rows));
  else if (format === 'csv') terminal.out(formatCsv(rows, columns));
  else if (rows.length === 0) terminal.err('Nothing to show.\n');
  else terminal.out(formatTable(rows, columns, terminal.interactive ? terminal.width : Number.MAX_SAFE_INTEGER));
}

/** Writes one object: as fields one a line, or whole in the format asked for. */
export function writeObject(terminal: Terminal, format: Format, object: Row): void {
  const columns = Object.keys(object);
  if (format !== 'table') {
    writeRows(terminal, format, [object], columns);
    return;
  }
  const width = Math.max(...columns.map((column) => column.length));
  for (const column of columns) terminal.out(`${column.padEnd(width)}  ${object[column] ?? ''}\n`);
}
