import { SECOND } from '../lib/time.js';
import { type ListProcesses, listProcesses, membersOf, type ProcessEntry } from './process-table.js';
import { pause, systemTimers, type Timers } from './timers.js';

/** How long a process may take to end after TERM before it is killed. */
const TERM_GRACE = 10 * SECOND;

/** How long a killed process may take to vanish (the kernel may hold it in a hung file system) before we let it be. */
const KILL_GRACE = 30 * SECOND;

/** How often the process table is read while a tree ends. */
const LOOK_AGAIN = 50;

type Signal = 'SIGTERM' | 'SIGKILL';

/** What is done to the processes found: nothing yet, a signal, or no more. */
type Phase = 'wait' | Signal | 'over';

/** What ending a tree needs of the host. */
export interface TreeTools {
  readonly list: ListProcesses;
  readonly timers: Timers;
  /** Sends a signal; false when this process is not ours to end. One that has ended meanwhile is no error. */
  readonly signal: (pid: number, name: Signal) => boolean;
}

function sendSignal(pid: number, name: Signal): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'ESRCH') return true;
    if (code === 'EPERM') return false;
    throw error;
  }
}

/** The host as it is. */
export const systemTree: TreeTools = { list: listProcesses, timers: systemTimers, signal: sendSignal };

/** What became of a tree. */
export interface TreeEnd {
  /** How many processes were told to end. */
  readonly signalled: number;
  /** The pids that still live: another user's, or stuck in the kernel. */
  readonly survivors: readonly number[];
}

/** How long a phase lasts, and what follows it. */
const FOLLOWS: Readonly<Record<Exclude<Phase, 'wait' | 'over'>, readonly [number, Phase]>> = {
  SIGTERM: [TERM_GRACE, 'SIGKILL'],
  SIGKILL: [KILL_GRACE, 'over'],
};

/**
 * Walks through the phases as time passes. A phase begins when it is asked for: a host that stood still meanwhile skips
 * none, so that nobody is given up without a signal.
 */
function phases(patience: number, timers: Timers): { now: () => Phase; cancel: () => void } {
  let phase: Phase = patience > 0 ? 'wait' : 'SIGTERM';
  let begun: Phase | null = null;
  let cancel: () => void = () => undefined;
  return {
    now() {
      if (phase !== begun && phase !== 'over') {
        begun = phase;
        const [length, next] = phase === 'wait' ? ([patience, 'SIGTERM'] as const) : FOLLOWS[phase];
        cancel = timers.after(length, () => {
          phase = next;
        });
      }
      return phase;
    },
    cancel: () => cancel(),
  };
}

/**
 * Ends every process of a run: TERM to each, KILL after ten seconds to those that stay, until none is left. Processes
 * that left their group or session are found by descent and by the run's mark; new ones are met with the same signal.
 * @param known pid and start of processes known to belong to the run; grows by those found.
 * @param patience milliseconds in which they may end by themselves before the first signal.
 */
export async function endTree(
  runIds: ReadonlySet<string>,
  known: Map<number, string>,
  tools: TreeTools = systemTree,
  patience = 0,
): Promise<TreeEnd> {
  const sent = new Map<string, Signal>();
  const beyond = new Set<number>();
  const meet = (entry: ProcessEntry, name: Signal): void => {
    const key = `${entry.pid} ${entry.started}`;
    known.set(entry.pid, entry.started);
    if (sent.get(key) === name) return;
    sent.set(key, name);
    if (!tools.signal(entry.pid, name)) beyond.add(entry.pid);
  };
  const phase = phases(patience, tools.timers);
  try {
    for (;;) {
      const members = membersOf(await tools.list(), runIds, known);
      const now = phase.now();
      const within = members.filter((entry) => !beyond.has(entry.pid));
      if (within.length === 0 || now === 'over') {
        return { signalled: sent.size, survivors: members.map((entry) => entry.pid) };
      }
      if (now !== 'wait') for (const entry of within) meet(entry, now);
      await pause(tools.timers, LOOK_AGAIN);
    }
  } finally {
    phase.cancel();
  }
}

/**
 * Ends what an earlier agent process left running of these runs, for example after a kill -9.
 * @param tell hears before the first signal how many processes there are, and of which runs; not called for none.
 */
export async function killLeftovers(
  runIds: readonly string[],
  tools: TreeTools = systemTree,
  tell: (count: number, runs: readonly string[]) => void = () => undefined,
): Promise<TreeEnd> {
  const found = membersOf(await tools.list(), new Set(runIds), new Map());
  const runs = runIds.filter((runId) => found.some((entry) => entry.runId === runId));
  if (found.length > 0) tell(found.length, runs);
  return endTree(new Set(runIds), new Map(), tools);
}
