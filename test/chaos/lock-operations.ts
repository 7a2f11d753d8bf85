import { readFile } from 'node:fs/promises';
import type { MongoRequests } from './mongo-requests.js';
import type { Observer } from './observer.js';

/** What was asked of Agenda's store in a while. */
export interface Operations {
  /** By server, where they can be told apart; else the even share of each. */
  readonly byServer: readonly number[];
  /** What they were. */
  readonly words: string;
}

/** Counts what servers ask of Agenda's store while something is done. */
export type CountOperations = (doing: () => Promise<void>) => Promise<Operations>;

const sum = (counts: Iterable<number>): number => [...counts].reduce((total, one) => total + one, 0);

const inWords = (counts: ReadonlyMap<string, number>): string =>
  [...counts]
    .sort(([, one], [, other]) => other - one)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');

/** Every request that went to MongoDB, the driver's own signs of life too. */
export async function mongoOperations(
  requests: readonly MongoRequests[],
  doing: () => Promise<void>,
): Promise<Operations> {
  const before = requests.map(({ counts }) => counts);
  await doing();
  const all = new Map<string, number>();
  const byServer = requests.map(({ counts }, index) => {
    const more = [...counts].map(([name, count]) => [name, count - (before[index]?.get(name) ?? 0)] as const);
    for (const [name, count] of more) if (count > 0) all.set(name, (all.get(name) ?? 0) + count);
    return sum(more.map(([, count]) => count));
  });
  return { byServer, words: inWords(all) };
}

/** A statement in MariaDB's general log: its text follows, over as many lines as it has. */
const LOGGED = /^(?:\d{6} +[\d:]+\t|\t\t) *\d+ (\w+)\t(.*)$/;

/** The statements in a general log that read or write Agenda's table, by their first word. */
export function lockStatements(log: string): Map<string, number> {
  const counts = new Map<string, number>();
  let first: string | undefined;
  for (const line of log.split('\n')) {
    const [, command, text = ''] = LOGGED.exec(line) ?? [];
    // Preparing a statement asks nothing yet.
    if (command !== undefined) first = ['Query', 'Execute'].includes(command) ? text.trim().split(/\s/)[0] : undefined;
    if (first === undefined || !/\bagenda_jobs\b/.test(line)) continue;
    counts.set(first, (counts.get(first) ?? 0) + 1);
    first = undefined;
  }
  return counts;
}

/** Every statement on the table that stands for Agenda's store where there is no MongoDB, by the database's own log. */
export async function sqlOperations(
  observer: Observer,
  servers: number,
  doing: () => Promise<void>,
): Promise<Operations> {
  const [place] = await observer.rows<{ directory: string }>('SELECT @@datadir AS directory');
  const { sql } = observer;
  const file = `${place?.directory}operations-${Date.now()}.log`;
  await sql.query("SET GLOBAL log_output = 'FILE'");
  await sql.query('SET GLOBAL general_log_file = ?', [file]);
  await sql.query('SET GLOBAL general_log = ON');
  try {
    await doing();
  } finally {
    await sql.query('SET GLOBAL general_log = OFF');
  }
  const counts = lockStatements(await readFile(file, 'utf8'));
  const each = sum(counts.values()) / servers;
  return { byServer: Array.from({ length: servers }, () => each), words: inWords(counts) };
}
