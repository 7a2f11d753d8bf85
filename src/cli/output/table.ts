import { type CellStyle, cellText, type Row } from './cell.js';
import { bold, colourStates } from './colour.js';
import { clipText, padText, shown, textWidth } from './text.js';

const GAP = '  ';

/** How a table is drawn. */
export interface TableStyle extends CellStyle {
  /** Where lines are cut, in characters. */
  readonly width: number;
  readonly colour: boolean;
}

function heading(column: string): string {
  return column.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toUpperCase();
}

/** Draws lines whose columns are as wide as the widest cell seen so far. */
export class TableLines {
  readonly #columns: readonly string[];
  readonly #style: TableStyle;
  readonly #widths: number[];

  constructor(columns: readonly string[], style: TableStyle) {
    this.#columns = columns;
    this.#style = style;
    this.#widths = columns.map((column) => textWidth(heading(column)));
  }

  /** Makes the columns wide enough for these rows. */
  fit(rows: readonly Row[]): void {
    for (const row of rows) {
      for (const [index, text] of this.#texts(row).entries()) {
        this.#widths[index] = Math.max(this.#widths[index] ?? 0, textWidth(text));
      }
    }
  }

  head(): string {
    const line = this.#line(this.#columns.map(heading));
    return this.#style.colour ? bold(line) : line;
  }

  row(row: Row): string {
    this.fit([row]);
    const line = this.#line(this.#texts(row));
    return this.#style.colour ? colourStates(line) : line;
  }

  #texts(row: Row): string[] {
    return this.#columns.map((column) => shown(cellText(row[column], this.#style)));
  }

  #line(texts: readonly string[]): string {
    const line = texts.map((text, index) => padText(text, this.#widths[index] ?? 0)).join(GAP);
    return clipText(line.trimEnd(), this.#style.width);
  }
}

/** Rows as aligned columns under their headings; lines are cut at the terminal's width. */
export function formatTable(rows: readonly Row[], columns: readonly string[], style: TableStyle): string {
  const lines = new TableLines(columns, style);
  lines.fit(rows);
  return `${[lines.head(), ...rows.map((row) => lines.row(row))].join('\n')}\n`;
}
