// `orrery serve` with one more kind of background job, whose leased work a test steers by files in TRIAL_DIRECTORY:
// `log` gets a line `WHAT PID` for whatever happens (begin, wrote, refused, stopped, end), the work writes through its
// fence until the file `go` is there, and heeds no signal, and no loss of its connection, while the file `stubborn` is.
import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { serve } from '../../dist/src/main/serve.js';

const { TRIAL_DIRECTORY } = process.env;
const KIND = 'trial';
const DAY = 86_400_000;
const there = (name) => existsSync(join(TRIAL_DIRECTORY, name));
const say = (what) => appendFileSync(join(TRIAL_DIRECTORY, 'log'), `${what} ${process.pid}\n`);

/** One write that changes nothing, if the work is still this process's. */
async function write(db) {
  try {
    await db.transaction(async () => {});
    say('wrote');
  } catch (error) {
    if (error.code !== 'LEASE_LOST' && there('stubborn')) return;
    if (error.code !== 'LEASE_LOST') throw error;
    say('refused');
    throw error;
  }
}

const kinds = ({ planner }) => [
  {
    kind: KIND,
    defaultTag: {},
    recordsOccurrences: false,
    async fire(tx, due, now) {
      for (const { subject } of due) await planner.begin(tx, KIND, subject);
      return due.map(({ id }) => ({ id, nextRunAt: now + DAY, occurrences: [] }));
    },
    async *desired() {
      yield { subject: 'one', project: null, nextRunAt: 0 };
    },
    async work({ db, signal }) {
      say('begin');
      while (!there('go')) {
        if (signal.aborted && !there('stubborn')) return say('stopped');
        await write(db);
        await setTimeout(50);
      }
      await write(db);
      say('end');
    },
  },
];

await serve({}, '0.0.0', (text) => process.stdout.write(text), { scheduler: { kinds } });
