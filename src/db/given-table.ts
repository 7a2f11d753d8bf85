/**
 * A table `given` of one value: a list of lists as JSON, whose elements become its columns. One short text for lists of
 * any length, which the databases prepare once, and read many times as fast as thousands of values.
 */
export function givenTable(sqlite: boolean, columns: Readonly<Record<string, string>>): string {
  const named = Object.entries(columns);
  if (sqlite) {
    const values = named.map(([name], index) => `json_extract(value, '$[${index}]') AS ${name}`);
    return `(SELECT ${values.join(', ')} FROM json_each(?)) AS given`;
  }
  const typed = named.map(([name, type], index) => `${name} ${type} PATH '$[${index}]'`);
  return `JSON_TABLE(?, '$[*]' COLUMNS (${typed.join(', ')})) AS given`;
}

/**
 * An UPDATE of the rows of a table that a given one names by their primary keys. `set` and `match` speak of both, `match`
 * may have values of its own. Values: the list as JSON, then those of `match`. The key is forced: of a small table the
 * databases would rather read every row, and wait for each that somebody else has locked.
 */
export function updateGiven(
  sqlite: boolean,
  table: string,
  columns: Readonly<Record<string, string>>,
  { set, match }: { readonly set: string; readonly match: string },
): string {
  const given = givenTable(sqlite, columns);
  if (sqlite) return `UPDATE ${table} SET ${set} FROM ${given} WHERE ${match}`;
  return `UPDATE ${given} STRAIGHT_JOIN ${table} FORCE INDEX (PRIMARY) ON ${match} SET ${set}`;
}
