import { stringify } from 'yaml';
import type { Terminal } from '../terminal.js';
import { type CellStyle, cellText, type Row } from './cell.js';
import { colourStates } from './colour.js';
import { csvLine, formatCsv } from './csv.js';
import { formatTable, TableLines, type TableStyle } from './table.js';
import { shown } from './text.js';

export const FORMATS = ['table', 'json', 'csv', 'yaml'] as const;
type Format = (typeof FORMATS)[number];

/** How an answer is to be written. Programs read json, csv and yaml: those hold instants in UTC, whole. */
export interface OutputOptions {
  readonly output: Format;
  readonly utc?: boolean;
}

function cellStyle(options: OutputOptions): CellStyle {
  return { utc: options.utc === true };
}

function tableStyle(terminal: Terminal, options: OutputOptions): TableStyle {
  const width = terminal.interactive ? terminal.width : Number.MAX_SAFE_INTEGER;
  return { ...cellStyle(options), width, colour: terminal.colour };
}

/** Writes a list in the format asked for: tables and csv show `columns`, json and yaml the whole rows. */
export function writeRows(
  terminal: Terminal,
  options: OutputOptions,
  rows: readonly Row[],
  columns: readonly string[],
): void {
  if (options.output === 'json') terminal.out(`${JSON.stringify(rows, null, 2)}\n`);
  else if (options.output === 'yaml') terminal.out(yaml(rows));
  else if (options.output === 'csv') terminal.out(formatCsv(rows, columns));
  else if (rows.length === 0) terminal.err('Nothing to show.\n');
  else terminal.out(formatTable(rows, columns, tableStyle(terminal, options)));
}

/** Writes one object: its fields one a line (those that say something), or `whole` (the fields when left out) for programs. */
export function writeObject(terminal: Terminal, options: OutputOptions, fields: Row, whole: object = fields): void {
  if (options.output === 'json') terminal.out(`${JSON.stringify(whole, null, 2)}\n`);
  else if (options.output === 'yaml') terminal.out(yaml(whole));
  else if (options.output === 'csv') terminal.out(formatCsv([fields], Object.keys(fields)));
  else terminal.out(fieldLines(terminal, options, fields));
}

function fieldLines(terminal: Terminal, options: OutputOptions, fields: Row): string {
  const texts = Object.entries(fields).map(
    ([name, cell]) => [name, shown(cellText(cell, cellStyle(options)))] as const,
  );
  const filled = texts.filter(([, text]) => text !== '');
  const width = Math.max(...filled.map(([name]) => name.length));
  const lines = filled.map(([name, text]) => {
    const line = `${name.padEnd(width)}  ${text}`;
    return terminal.colour ? colourStates(line) : line;
  });
  return `${lines.join('\n')}\n`;
}

/** Writes rows one by one as they come: JSON lines, csv, YAML documents, or lines of a table. */
export function rowWriter(
  terminal: Terminal,
  options: OutputOptions,
  columns: readonly string[],
): (rows: readonly Row[]) => void {
  const lines = new TableLines(columns, tableStyle(terminal, options));
  let headed = false;
  return (rows) => {
    if (options.output === 'json') for (const row of rows) terminal.out(`${JSON.stringify(row)}\n`);
    else if (options.output === 'yaml') for (const row of rows) terminal.out(`---\n${yaml(row)}`);
    else {
      lines.fit(rows);
      const csv = options.output === 'csv';
      if (!headed) terminal.out(csv ? csvLine(columns) : `${lines.head()}\n`);
      headed = true;
      for (const row of rows) {
        terminal.out(csv ? csvLine(columns.map((column) => row[column])) : `${lines.row(row)}\n`);
      }
    }
  };
}

/** YAML of exactly what JSON would say. */
function yaml(value: unknown): string {
  return stringify(JSON.parse(JSON.stringify(value)), { lineWidth: 0 });
}
