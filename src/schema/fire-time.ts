import { MINUTE } from '../lib/time.js';
import type { ClockChange, FireDescription } from '../schedule/clock-changes.js';
import { builder } from './builder.js';
import { describedEnum } from './job-enums.js';
import { toDate } from './scalars.js';

export const ClockChangeType = builder.objectRef<ClockChange>('ClockChange').implement({
  description: 'The clock of a zone is put forward or back.',
  fields: (t) => ({
    at: t.field({ type: 'DateTime', description: 'When.', resolve: ({ at }) => toDate(at) }),
    offsetBefore: t.float({
      description: 'The offset from UTC before it, in minutes.',
      resolve: ({ offsetBefore }) => offsetBefore / MINUTE,
    }),
    offsetAfter: t.float({
      description: 'The offset from UTC after it, in minutes.',
      resolve: ({ offsetAfter }) => offsetAfter / MINUTE,
    }),
  }),
});

const ClockEffectEnum = describedEnum<'MOVED' | 'REPEATED'>('ClockEffect', 'What a clock change does to a due time.', {
  MOVED: 'The wall time meant is skipped by the change: it is due right after it.',
  REPEATED: 'The wall time comes twice: it is due the first time.',
});

export const FireTime = builder.objectRef<FireDescription>('FireTime').implement({
  description: 'One due time.',
  fields: (t) => ({
    at: t.field({ type: 'DateTime', description: 'The instant.', resolve: ({ at }) => toDate(at) }),
    local: t.exposeString('local', { description: "The same on the schedule's wall clock, with its offset." }),
    effect: t.field({
      type: ClockEffectEnum,
      nullable: true,
      description: 'What a clock change does to it; null = nothing.',
      resolve: ({ effect }) => effect,
    }),
    clockChange: t.field({
      type: ClockChangeType,
      nullable: true,
      description: 'The clock change behind the effect.',
      resolve: ({ change }) => change,
    }),
  }),
});
