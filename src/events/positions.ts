/** A row and the position it gets. */
export interface Position {
  id: string;
  seq: number;
}

/** Positions of rows in their order, from `last + 1` on. */
export function positionsFrom(rows: readonly { id: string }[], last: number): Position[] {
  return rows.map(({ id }, index) => ({ id, seq: last + index + 1 }));
}

/** Positions within each row's own series, from the series' last one on (0 where it has none yet). */
export function groupPositions(
  rows: readonly { id: string; series: string }[],
  last: ReadonlyMap<string, number>,
): Position[] {
  const reached = new Map(last);
  return rows.map(({ id, series }) => {
    const seq = (reached.get(series) ?? 0) + 1;
    reached.set(series, seq);
    return { id, seq };
  });
}
