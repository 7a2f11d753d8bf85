/** A value of JSON in a row: programs get it as it is, people as its text. */
class JsonCell {
  readonly #value: unknown;

  constructor(value: unknown) {
    this.#value = value;
  }

  toJSON(): unknown {
    return this.#value;
  }

  toString(): string {
    return JSON.stringify(this.#value);
  }
}

/** A value as a cell; null where there is none. */
export function jsonCell(value: unknown): JsonCell | null {
  return value === undefined || value === null ? null : new JsonCell(value);
}

/** A value of a row, before it has a form. Instants are dates, so that each format shows them its own way. */
export type Cell = string | number | boolean | Date | JsonCell | readonly string[] | null | undefined;

/** One row of a list: column name -> value, in the order of the columns. */
export type Row = Readonly<Record<string, Cell>>;

/** How cells become text. */
export interface CellStyle {
  /** Instants in UTC instead of the local time zone. */
  readonly utc: boolean;
}

const two = (number: number): string => String(number).padStart(2, '0');

/** An instant for people: `2026-11-21 08:00:00` by the local clock, or with a Z in UTC. */
export function instantText(at: Date, { utc }: CellStyle): string {
  if (utc)
    return at
      .toISOString()
      .replace('T', ' ')
      .replace(/\.\d+Z$/, 'Z');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** A value as text for people; nothing for null. */
export function cellText(cell: Cell, style: CellStyle): string {
  if (cell === null || cell === undefined) return '';
  if (cell instanceof Date) return instantText(cell, style);
  return Array.isArray(cell) ? cell.join(', ') : String(cell);
}

/** An instant as the API gives it, as a cell. */
export function instant(text: string | null | undefined): Date | null {
  return text ? new Date(text) : null;
}
