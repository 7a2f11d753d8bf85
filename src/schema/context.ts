import type { Ctx } from '../auth/actor.js';

/** The domain's services, as the resolvers see them. */
export interface Services {
  /** Filled by the nouns: one line a noun. */
  readonly startedAt: number;
}

/** What a resolver gets: who calls, and the services. No field is optional. */
export interface SchemaContext extends Ctx {
  readonly services: Services;
  /** Ends when the caller goes away or the operation's time is over. */
  readonly signal: AbortSignal;
}
