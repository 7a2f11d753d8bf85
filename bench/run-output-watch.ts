// The watchers of bench/run-output.ts in a process of their own: each over a WebSocket of its own, each checking that the
// log is complete and in order. Says "ready" when each has seen the first line, and how many each got at the end.
import { createOrreryClient, createSdk } from '@orrery/sdk';
import { WebSocket } from 'ws';
import { ADMIN_TOKEN } from './orrery-process.js';
import { LogCheck } from './run-output-log.js';

const [, , side = '', url = '', runId = '', watchers = '10', lines = '0'] = process.argv;

let waiting = Number(watchers);

/** Takes a piece, and tells when everybody has seen the first. */
function take(check: LogCheck, text: string): void {
  if (check.lines === 0) waiting -= 1;
  if (check.lines === 0 && waiting === 0) process.send?.('ready');
  check.take(text);
}

/** Watches a run by the typed client. */
async function watchRun(): Promise<number> {
  const client = createOrreryClient({ url, token: () => ADMIN_TOKEN });
  const check = new LogCheck();
  for await (const { runOutputAppended } of createSdk(client).runOutputAppended({ runId })) {
    take(check, runOutputAppended.output.text);
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
      take(check, text);
      if (check.lines === Number(lines)) {
        resolve(check.lines);
        socket.close();
      }
    });
  });
}

const watching = Array.from({ length: Number(watchers) }, side === 'limit' ? watchLimit : watchRun);
process.send?.(await Promise.all(watching));
process.on('disconnect', () => process.exit());
