import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** The environment variable that every process of a run carries. */
export const RUN_MARKER = 'ORRERY_RUN_ID';

/** One live process (zombies are left out: they run no more). */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** When it started, in the system's own spelling: with the pid it names a process for good. */
  readonly started: string;
  /** The value of RUN_MARKER in its environment; null without one, or where we may not look. */
  readonly runId: string | null;
}

/** A snapshot of the host's processes. */
export type ListProcesses = () => Promise<ProcessEntry[]>;

const run = promisify(execFile);

/** The fields of /proc/PID/stat after the command, which may itself hold blanks and parentheses (proc(5)). */
function parseStat(pid: number, stat: string): Omit<ProcessEntry, 'runId'> | null {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, parent, group] = fields;
  const started = fields[19];
  if (state === undefined || state === 'Z' || state === 'X' || started === undefined) return null;
  return { pid, parent: Number(parent), group: Number(group), started };
}

function markerIn(environment: string): string | null {
  const prefix = `${RUN_MARKER}=`;
  const found = environment.split('\0').find((entry) => entry.startsWith(prefix));
  return found === undefined ? null : found.slice(prefix.length);
}

async function readEntry(pid: number): Promise<ProcessEntry | null> {
  try {
    const entry = parseStat(pid, await readFile(`/proc/${pid}/stat`, 'latin1'));
    if (!entry) return null;
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    return { ...entry, runId: markerIn(environment) };
  } catch {
    return null;
  }
}

/** Reads /proc. Processes that end meanwhile, and environments of other users, are passed over. */
export async function listFromProc(): Promise<ProcessEntry[]> {
  const names = await readdir('/proc');
  const entries = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map((name) => readEntry(Number(name))));
  return entries.filter((entry) => entry !== null);
}

const PS_LINE = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\w{3}\s+\w{3}\s+\d+\s+[\d:]+\s+\d{4})\s(.*)$/;

/** Parses one line of `ps axeww -o pid=,ppid=,pgid=,stat=,lstart=,command=`; null for zombies and strange lines. */
export function parsePsLine(line: string): ProcessEntry | null {
  const [, pid, parent, group, state, started, command] = PS_LINE.exec(line) ?? [];
  if (state === undefined || started === undefined || command === undefined || state.startsWith('Z')) return null;
  const marker = new RegExp(`(?:^|\\s)${RUN_MARKER}=(\\S+)`).exec(command);
  return { pid: Number(pid), parent: Number(parent), group: Number(group), started, runId: marker?.[1] ?? null };
}

/** Asks ps, where there is no /proc (macOS). */
export async function listFromPs(): Promise<ProcessEntry[]> {
  const columns = 'pid=,ppid=,pgid=,stat=,lstart=,command=';
  const { stdout } = await run('ps', ['axeww', '-o', columns], {
    maxBuffer: 256 * 1024 * 1024,
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
  });
  return stdout
    .split('\n')
    .map(parsePsLine)
    .filter((entry) => entry !== null);
}

/** Lists this host's processes. */
export const listProcesses: ListProcesses = process.platform === 'linux' ? listFromProc : listFromPs;

/** When a process started, or null when no such process lives. */
export async function startOf(pid: number, list: ListProcesses = listProcesses): Promise<string | null> {
  if (process.platform === 'linux' && list === listProcesses) return (await readEntry(pid))?.started ?? null;
  return (await list()).find((entry) => entry.pid === pid)?.started ?? null;
}

/**
 * The processes that belong to a run: those that carry its mark, the `known` ones (pid and start), the members of a
 * process group that a known one led, and all that descend from any of these. Never our own process.
 */
export function membersOf(
  entries: readonly ProcessEntry[],
  runIds: ReadonlySet<string>,
  known: ReadonlyMap<number, string>,
): ProcessEntry[] {
  const others = entries.filter((entry) => entry.pid !== process.pid);
  const starts = new Map(others.map((entry) => [entry.pid, entry.started]));
  // A group whose number now leads another process is another group.
  const ledByKnown = (group: number) => {
    const leader = starts.get(group);
    return known.has(group) && (leader === undefined || leader === known.get(group));
  };
  const seeds = others.filter(
    (entry) =>
      (entry.runId !== null && runIds.has(entry.runId)) ||
      known.get(entry.pid) === entry.started ||
      ledByKnown(entry.group),
  );
  const members = new Set(seeds.map((entry) => entry.pid));
  for (let size = -1; size !== members.size; ) {
    size = members.size;
    for (const entry of others) if (members.has(entry.parent)) members.add(entry.pid);
  }
  return others.filter((entry) => members.has(entry.pid));
}
