import type { Ctx } from '../auth/actor.js';
import { brokenCursor, decodeCursor, encodeCursor } from '../db/cursor.js';
import { type Page, type PageRequest, pageSize } from '../db/page.js';
import { checkListLength } from '../db/where-in.js';
import { InvalidInputError } from '../lib/errors.js';
import { DAY } from '../lib/time.js';
import { comingDueTimes } from './coming-due-times.js';
import type { JobsDeps } from './deps.js';
import { compareDue, type DuePlace, type DueTime, type DueTimeFilter, type DueWindow } from './due-time.js';
import { pastDueTimes } from './past-due-times.js';

const SCOPE = 'dueTimes';

function placeOf(request: PageRequest, field: 'after' | 'before'): DuePlace | null {
  const cursor = request[field];
  if (cursor == null) return null;
  const [at, id] = decodeCursor(cursor, SCOPE, 2, [field]);
  if (typeof at === 'number' && typeof id === 'string') return { at, id };
  throw brokenCursor([field]);
}

const backwards = (): InvalidInputError =>
  new InvalidInputError([{ path: ['last'], message: 'Due times are read forwards: give "first", not "last".' }]);

function windowOf(window: DueWindow, now: number): { from: number; to: number } {
  const from = window.from ?? now - DAY;
  const to = window.to ?? Math.max(now, from) + DAY;
  if (to >= from) return { from, to };
  throw new InvalidInputError([{ path: ['to'], message: '"to" lies before "from".' }]);
}

/**
 * One page of due times, oldest first: what came of those that are past, and those that lie ahead as the schedules say
 * now. Throws InvalidInputError for a wrong page, cursor or window.
 */
export async function dueTimes(
  deps: JobsDeps,
  ctx: Ctx,
  filter: DueTimeFilter,
  window: DueWindow,
  request: PageRequest,
): Promise<Page<DueTime>> {
  const { size } = pageSize(request);
  const [after, before] = [placeOf(request, 'after'), placeOf(request, 'before')];
  if (request.last != null) throw backwards();
  checkListLength(filter.jobs, ['filter', 'jobs']);
  checkListLength(filter.clientIds, ['filter', 'clientIds']);
  const now = await deps.db.now();
  const query = { filter, ...windowOf(window, now), after, before, limit: size + 1, now };
  const [past, coming] = await Promise.all([pastDueTimes(deps, ctx, query), comingDueTimes(deps, ctx, query)]);
  const found = [...past, ...coming].sort(compareDue);
  const total = async (): Promise<number> => {
    const all = { ...query, after: null, before: null, limit: 10_000 };
    const parts = await Promise.all([pastDueTimes(deps, ctx, all), comingDueTimes(deps, ctx, all)]);
    return Math.min(parts[0].length + parts[1].length, 10_000);
  };
  return {
    edges: found.slice(0, size).map((node) => ({ node, cursor: encodeCursor(SCOPE, [node.at, node.id]) })),
    hasNextPage: found.length > size,
    hasPreviousPage: request.after != null,
    total,
  };
}
