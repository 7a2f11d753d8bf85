import type { Line } from './executed-load.js';
import type { DueJob } from './fire-load.js';
import { instantsUntil } from './rhythm.js';

/** What the database says of one due instant. */
export interface FoundOccurrence {
  readonly subject: string;
  readonly scheduledFor: number;
  readonly outcome: string;
  readonly reason: string | null;
  readonly runId: string | null;
  readonly firedAt: number;
}

/** A run as the database has it. */
export interface FoundRun {
  readonly id: string;
  readonly jobId: string;
  readonly scheduledFor: number;
}

/** Everything the verdict is made of. */
export interface Evidence {
  /** Jobs whose fires are counted. */
  readonly fired: readonly DueJob[];
  /** Jobs whose runs leave lines, counted as fires too. */
  readonly executed: readonly DueJob[];
  /** Instants up to here are judged. */
  readonly until: number;
  readonly occurrences: readonly FoundOccurrence[];
  readonly runs: readonly FoundRun[];
  readonly lines: readonly Line[];
}

export interface Counted {
  /** Due instants by the schedules. */
  readonly due: number;
  readonly missed: number;
  readonly doubled: number;
  readonly early: number;
  /** Fired though no schedule asked for it. */
  readonly invented: number;
  /** In ascending order, milliseconds. */
  readonly lateness: readonly number[];
  /** The first few faults, in words. */
  readonly faults: readonly string[];
}

const MOST_FAULTS = 10;
const key = (job: string, at: number): string => `${job}@${at}`;
const shown = (at: number): string => new Date(at).toISOString();

/** What happened at one due instant. */
interface Event {
  readonly job: string;
  readonly scheduledFor: number;
  readonly at: number;
  /** Why it does not count as done; null where it does. */
  readonly flaw: string | null;
}

/** Compares due instants, computed from the schedules, with what happened. */
function compare(jobs: readonly DueJob[], until: number, events: readonly Event[]): Counted {
  const due = new Map<string, Event[]>();
  for (const { id, rhythm } of jobs) for (const at of instantsUntil(rhythm, until)) due.set(key(id, at), []);
  const known = new Set(jobs.map(({ id }) => id));
  const faults: string[] = [];
  const lateness: number[] = [];
  let [missed, doubled, early, invented] = [0, 0, 0, 0];
  for (const event of events) {
    if (!known.has(event.job) || event.scheduledFor > until) continue;
    const found = due.get(key(event.job, event.scheduledFor));
    if (!found) {
      invented += 1;
      faults.push(`invented: ${event.job} at ${shown(event.scheduledFor)}`);
    }
    found?.push(event);
    if (event.flaw === null && event.at < event.scheduledFor) {
      early += 1;
      faults.push(`early by ${event.scheduledFor - event.at} ms: ${event.job} at ${shown(event.scheduledFor)}`);
    }
  }
  for (const [instant, found] of due) {
    const done = found.filter(({ flaw }) => flaw === null);
    if (done.length === 0) {
      missed += 1;
      faults.push(`missed: ${instant}: ${found[0]?.flaw ?? 'nothing happened'}`);
    }
    if (done.length > 1) {
      doubled += 1;
      faults.push(`done ${done.length} times: ${instant}`);
    }
    const [first] = done;
    if (first) lateness.push(first.at - first.scheduledFor);
  }
  lateness.sort((a, b) => a - b);
  return { due: due.size, missed, doubled, early, invented, lateness, faults: faults.slice(0, MOST_FAULTS) };
}

/** An instant was fired when there is an occurrence of it with a run of its own. */
function fires({ occurrences, runs }: Evidence): Event[] {
  const byRun = new Map(occurrences.flatMap((one) => (one.runId === null ? [] : [[one.runId, one] as const])));
  const made = runs.map(({ id, jobId, scheduledFor }): Event => {
    const occurrence = byRun.get(id);
    const flaw = occurrence ? null : `the run ${id} has no occurrence`;
    return { job: jobId, scheduledFor, at: occurrence?.firedAt ?? 0, flaw };
  });
  const there = new Set(runs.map(({ id }) => id));
  const without = occurrences.filter(({ runId }) => runId === null || !there.has(runId));
  return [
    ...made,
    ...without.map(({ subject: job, scheduledFor, firedAt: at, outcome, reason, runId }) => {
      const flaw = runId === null ? `${outcome} ${reason ?? ''}` : `its run ${runId} is not there`;
      return { job, scheduledFor, at, flaw };
    }),
  ];
}

/** A run was executed when it left its line on the host. */
function executions({ lines, runs }: Evidence): Event[] {
  const byId = new Map(runs.map((run) => [run.id, run]));
  return lines.map(({ runId, jobKey, at }) => {
    const run = byId.get(runId);
    return { job: run?.jobId ?? jobKey, scheduledFor: run?.scheduledFor ?? 0, at, flaw: null };
  });
}

/** The verdict on all fires, and on the executed runs by what they wrote. */
export function judge(evidence: Evidence): { fires: Counted; lines: Counted } {
  const { fired, executed, until } = evidence;
  return {
    fires: compare([...fired, ...executed], until, fires(evidence)),
    lines: compare(executed, until, executions(evidence)),
  };
}

/** The value below which a part of an ascending list lies; 0 for an empty one. */
export function percentile(ascending: readonly number[], part: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * part))] ?? 0;
}
