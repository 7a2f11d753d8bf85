// The watchers of bench/run-output.ts in a process of their own: each over a WebSocket of its own, each checking that the
// log is complete and in order. Says "ready" when they are there, and how many lines each got at the end.
import { createOrreryClient, createSdk } from '@orrery/sdk';
import { WebSocket } from 'ws';
import { ADMIN_TOKEN } from './orrery-process.js';
import { LogCheck } from './run-output-log.js';

const [, , side = '', url = '', runId = '', watchers = '10', lines = '0'] = process.argv;

/** Watches a run by the typed client. */
async function watchRun(): Promise<number> {
  const client = createOrreryClient({ url, token: () => ADMIN_TOKEN });
  const check = new LogCheck();
  for await (const { runOutputAppended } of createSdk(client).runOutputAppended({ runId })) {
    check.take(runOutputAppended.output.text);
  }
  await client.close();
  return check.lines;
}

/** Watches the limit: bare JSON over a bare WebSocket. */
function watchLimit(): Promise<number> {
  const check = new LogCheck();
  const socket = new WebSocket(url);
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', (data) => {
      const { text } = JSON.parse(String(data)) as { text: string };
      check.take(text);
      if (check.lines === Number(lines)) {
        resolve(check.lines);
        socket.close();
      }
    });
  });
}

const watching = Array.from({ length: Number(watchers) }, side === 'limit' ? watchLimit : watchRun);
process.send?.('ready');
process.send?.(await Promise.all(watching));
process.on('disconnect', () => process.exit());
