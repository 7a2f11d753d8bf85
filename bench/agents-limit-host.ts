// Clients of the limit of bench/agents.ts in one process: each claims what it is told of, then ends it. Says "ready" when
// all are connected, and "ended" for each run.
import { once } from 'node:events';
import { WebSocket } from 'ws';

const [, , url = '', count = '0'] = process.argv;

const NEXT: Readonly<Record<string, string>> = { WAITING: 'RUNNING', RUNNING: 'ENDED' };

async function connect(): Promise<void> {
  const socket = new WebSocket(url);
  socket.on('message', (data) => {
    const { run, state } = JSON.parse(String(data)) as { run: number; state: string };
    const next = NEXT[state];
    if (next) socket.send(JSON.stringify({ run, state: next }));
    else process.send?.('ended');
  });
  await once(socket, 'open');
}

await Promise.all(Array.from({ length: Number(count) }, connect));
process.send?.('ready');
process.on('disconnect', () => process.exit());
