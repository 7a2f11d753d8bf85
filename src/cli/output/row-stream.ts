import { stringify } from 'yaml';
import type { Terminal } from '../terminal.js';
import type { Row } from './cell.js';
import { csvLine } from './csv.js';
import type { OutputOptions } from './format.js';

/** A list that is written piece by piece, for programs: the same text as of the whole list at once. */
export interface RowStream {
  /** Resolves when more may be written: a slow reader makes it wait. */
  write(rows: readonly Row[]): Promise<void>;
  end(): void;
}

interface Form {
  readonly head: string;
  /** The text of rows, of which `before` others came already. */
  body(rows: readonly Row[], before: number): string;
  /** What ends the list; `count`: of how many rows it is. */
  tail(count: number): string;
}

const indented = (row: Row): string => `  ${JSON.stringify(row, null, 2).replaceAll('\n', '\n  ')}`;

const JSON_LIST: Form = {
  head: '[',
  body: (rows, before) => rows.map((row, index) => `${before + index > 0 ? ',' : ''}\n${indented(row)}`).join(''),
  tail: (count) => (count > 0 ? '\n]\n' : ']\n'),
};

const YAML_LIST: Form = {
  head: '',
  body: (rows) => (rows.length === 0 ? '' : stringify(JSON.parse(JSON.stringify(rows)), { lineWidth: 0 })),
  tail: (count) => (count > 0 ? '' : '[]\n'),
};

const csvList = (columns: readonly string[]): Form => ({
  head: csvLine(columns),
  body: (rows) => rows.map((row) => csvLine(columns.map((column) => row[column]))).join(''),
  tail: () => '',
});

/** Writes a list as json, yaml or csv while it is fetched, so that nobody holds all of it. */
export function rowStream(
  terminal: Terminal,
  { output }: { readonly output: Exclude<OutputOptions['output'], 'table'> },
  columns: readonly string[],
): RowStream {
  const form = { json: JSON_LIST, yaml: YAML_LIST, csv: csvList(columns) }[output];
  let count = 0;
  let begun = false;
  const begin = (): void => {
    if (!begun) terminal.out(form.head);
    begun = true;
  };
  return {
    async write(rows) {
      begin();
      terminal.out(form.body(rows, count));
      count += rows.length;
      await terminal.drained();
    },
    end() {
      begin();
      terminal.out(form.tail(count));
    },
  };
}
