import type { LeaseRow, LeaseState } from '../entities/lease.js';
import { builder } from './builder.js';
import { describedEnum } from './job-enums.js';

export const LeaseStateEnum = describedEnum<LeaseState>('LeasedWorkState', 'Where long work stands.', {
  WAITING: 'It waits for an engine that fits and has a place for it.',
  RUNNING: 'An engine does it.',
  PARKED: 'Engines ended in it again and again: it is not tried any more.',
});

/** Long work that was begun. The service that does it is told by the file of services. */
export const LeasedWork = builder.objectRef<LeaseRow>('LeasedWork').implement({
  description:
    'Long work of an engine: when the engine is gone, another takes it up, or its kind says what becomes of it.',
  fields: (t) => ({
    kind: t.exposeString('kind', { description: 'What kind of work it is.' }),
    subject: t.exposeString('subject', { description: 'The id of what it is about.' }),
    state: t.expose('state', { type: LeaseStateEnum, description: 'Where it stands.' }),
    reason: t.exposeString('reason', { nullable: true, description: 'Why it waits once more, or is parked.' }),
    fence: t.exposeInt('fence', {
      description: 'Rises with each taking: whoever writes with an older one is refused.',
    }),
    attempts: t.exposeInt('attempts', {
      description: 'How many engines in a row ended in it, the one that has it too.',
    }),
    failCount: t.exposeInt('failCount', { description: 'How many of its last runs in a row failed.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was begun.' }),
    startedAt: t.expose('startedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the engine that has it took it; null while none has.',
    }),
    leaseUntil: t.expose('leaseUntil', {
      type: 'DateTime',
      nullable: true,
      description: 'When another may take it, unless its lease is renewed; null while none has it.',
    }),
  }),
});
