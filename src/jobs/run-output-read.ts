import { type PageRequest, pageSize } from '../db/page.js';
import type { Reader } from '../db/transaction.js';
import { RunOutputEntity, type RunOutputRow } from '../entities/run.js';

/** The part of a run's output that is asked for, by positions. */
export interface OutputRequest extends Pick<PageRequest, 'first' | 'last'> {
  /** Only what stands after this position. */
  after: number;
  /** Only what stands before this position; null: to the end. */
  before: number | null;
}

/** A part of a run's output, in order. */
export interface OutputPart {
  pieces: RunOutputRow[];
  hasNextPage: boolean;
  hasPreviousPage: boolean;
}

/** One page of a run's output. Throws InvalidInputError for a size out of bounds. */
export async function outputPage(reader: Reader, runId: string, request: OutputRequest): Promise<OutputPart> {
  const { size, backwards } = pageSize({ first: request.first, last: request.last });
  const query = reader.manager.getRepository(RunOutputEntity).createQueryBuilder('piece');
  query.where('piece.runId = :runId AND piece.position > :after', { runId, after: request.after });
  if (request.before !== null) query.andWhere('piece.position < :before', { before: request.before });
  query.orderBy('piece.position', backwards ? 'DESC' : 'ASC').limit(size + 1);
  const found = await query.getMany();
  const more = found.length > size;
  const pieces = found.slice(0, size);
  if (backwards) pieces.reverse();
  return {
    pieces,
    hasNextPage: backwards ? request.before !== null : more,
    hasPreviousPage: backwards ? more : request.after > 0,
  };
}

/** The number of pieces kept of a run, counted no further than `cap`. */
export async function countOutput(reader: Reader, runId: string, cap: number): Promise<number> {
  const [row] = await reader.rows<{ total: number | string }>(
    'SELECT COUNT(*) AS total FROM (SELECT position FROM run_output WHERE run_id = ? LIMIT ?) kept',
    [runId, cap],
  );
  return Number(row?.total ?? 0);
}
