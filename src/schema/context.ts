import type { Ctx } from '../auth/actor.js';
import type { JobService } from '../jobs/service.js';
import type { Live } from '../live/hub.js';

/** The domain's services, as the resolvers see them. */
export interface Services {
  /** Filled by the nouns: one line a noun. */
  readonly startedAt: number;
  readonly jobs: JobService;
  readonly live: Live;
}

/** What a resolver gets: who calls, and the services. No field is optional. */
export interface SchemaContext extends Ctx {
  readonly services: Services;
  /** Ends when the caller goes away or the operation's time is over. */
  readonly signal: AbortSignal;
}
