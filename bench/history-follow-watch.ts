// Some dashboards of bench/history-follow.ts in a process of their own, each over a WebSocket of its own: follow each
// deployment that they are told of until every row has ended, and send what they have seen.
import { createOrreryClient, createSdk } from '@orrery/sdk';
import { digestOf, type Followed, type ShownRow } from './history-follow-rows.js';
import { ADMIN_TOKEN } from './orrery-process.js';

const [, , url = '', dashboards = '10', tasks = '0'] = process.argv;

/** The position in the log that a cursor stands for. */
function positionOf(cursor: string): number {
  const [, , position] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as [string, string, number];
  return position;
}

/** Follows one deployment to its end; `onLost` is told of each interruption. */
async function follow(transactionId: string, arrivals: [number, number][], onLost: () => void): Promise<string> {
  const onConnection = ({ kind }: { kind: string }): void => {
    if (kind === 'LOST') onLost();
  };
  const client = createOrreryClient({ url, token: () => ADMIN_TOKEN, onConnection });
  const rows = new Map<string, ShownRow>();
  const ended = new Set<string>();
  const facts = createSdk(client).taskHistoryChanged({ filter: { transactionIds: [transactionId] } });
  for await (const { taskHistoryChanged } of facts) {
    arrivals.push([positionOf(taskHistoryChanged.cursor), Date.now()]);
    for (const row of taskHistoryChanged.tasks) {
      rows.set(row.id, row);
      if (row.status === 'READY') ended.add(row.id);
    }
    if (ended.size === Number(tasks)) break;
  }
  await client.close();
  return digestOf(rows.values());
}

process.on('message', async (transactionId: string) => {
  const arrivals: [number, number][] = [];
  let resumed = 0;
  const onLost = (): void => {
    resumed += 1;
  };
  const following = Array.from({ length: Number(dashboards) }, () => follow(transactionId, arrivals, onLost));
  const digests = await Promise.all(following);
  process.send?.({ digests, arrivals, resumed, at: Date.now() } satisfies Followed);
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
