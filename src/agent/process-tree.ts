import { SECOND } from '../lib/time.js';
import { type ListProcesses, listProcesses, membersOf, type ProcessEntry } from './process-table.js';
import { pause, systemTimers, type Timers } from './timers.js';

/** How long a process may take to end after TERM before it is killed. */
export const TERM_GRACE = 10 * SECOND;

/** How often the process table is read while a tree ends. */
const LOOK_AGAIN = 50;

/** What ending a tree needs of the host. */
export interface TreeTools {
  readonly list: ListProcesses;
  readonly timers: Timers;
  /** Sends a signal; a process that has ended meanwhile is no error. */
  readonly signal: (pid: number, name: 'SIGTERM' | 'SIGKILL') => void;
}

function sendSignal(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}

/** The host as it is. */
export const systemTree: TreeTools = { list: listProcesses, timers: systemTimers, signal: sendSignal };

/**
 * Ends every process of a run: TERM to each, KILL after ten seconds to those that stay, until none is left. Processes
 * that left their group or session are found by descent and by the run's mark. New ones are met with the same signal.
 * @returns how many processes there were.
 */
export async function endTree(
  runIds: ReadonlySet<string>,
  known: Map<number, string>,
  tools: TreeTools = systemTree,
): Promise<number> {
  const signalled = new Map<string, 'SIGTERM' | 'SIGKILL'>();
  let harsh = false;
  const cancel = tools.timers.after(TERM_GRACE, () => {
    harsh = true;
  });
  const meet = (entry: ProcessEntry): void => {
    const key = `${entry.pid} ${entry.started}`;
    const name = harsh ? 'SIGKILL' : 'SIGTERM';
    known.set(entry.pid, entry.started);
    if (signalled.get(key) === name) return;
    signalled.set(key, name);
    tools.signal(entry.pid, name);
  };
  try {
    for (;;) {
      const members = membersOf(await tools.list(), runIds, known);
      if (members.length === 0) return signalled.size;
      for (const entry of members) meet(entry);
      await pause(tools.timers, LOOK_AGAIN);
    }
  } finally {
    cancel();
  }
}

/**
 * Ends what an earlier agent process left running of these runs, for example after a kill -9.
 * @returns how many processes there were.
 */
export function killLeftovers(runIds: readonly string[], tools: TreeTools = systemTree): Promise<number> {
  return endTree(new Set(runIds), new Map(), tools);
}
