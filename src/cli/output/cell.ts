/** A value of a row, before it has a form. */
export type Cell = string | number | boolean | null | undefined;

/** One row of a list: column name -> value, in the order of the columns. */
export type Row = Readonly<Record<string, Cell>>;

/** A value as text; nothing for null. */
export function cellText(cell: Cell): string {
  return cell === null || cell === undefined ? '' : String(cell);
}
