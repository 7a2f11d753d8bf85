import type { Ctx } from '../auth/actor.js';
import type { Clock } from '../lib/time.js';
import type { OperationPipeline } from './operation.js';

/** Why a connection that stays open must end. */
export type RightsEnd = 'EXPIRED' | 'REVOKED';

/** Node's timers cannot wait longer, in milliseconds. */
const LONGEST_WAIT = 2 ** 31 - 1;

/** Calls `onEnd` once, when the caller's rights expire or are revoked; returns how to stop. */
export function watchRightsEnd(
  pipeline: Pick<OperationPipeline, 'watchRights'>,
  clock: Clock,
  ctx: Ctx,
  onEnd: (end: RightsEnd) => void,
): () => void {
  let timer: NodeJS.Timeout | undefined;
  const stopWatching = pipeline.watchRights(ctx, () => finish('REVOKED'));
  const stop = (): void => {
    clearTimeout(timer);
    stopWatching();
  };
  const finish = (end: RightsEnd): void => {
    stop();
    onEnd(end);
  };
  const wait = (until: number): void => {
    const left = until - clock.now();
    timer = setTimeout(() => (left > LONGEST_WAIT ? wait(until) : finish('EXPIRED')), Math.min(left, LONGEST_WAIT));
    timer.unref();
  };
  if (ctx.actor.expiresAt !== null) wait(ctx.actor.expiresAt);
  return stop;
}
