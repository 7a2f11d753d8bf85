// The limit of bench/agents.ts: ws and mysql2 alone. For each run one row, claimed and ended by one transaction each, as
// its client asks over its WebSocket. Sends its port; any message starts so many runs at once, one for each client.
import { createServer } from 'node:http';
import { createPool, type ResultSetHeader } from 'mysql2/promise';
import { type WebSocket, WebSocketServer } from 'ws';

const [, , uri = ''] = process.argv;
const pool = createPool({ uri, connectionLimit: 10 });
await pool.query('CREATE TABLE runs (id INT PRIMARY KEY, state VARCHAR(16) NOT NULL, at BIGINT NOT NULL)');

const server = createServer();
const sockets = new WebSocketServer({ server });

async function change(socket: WebSocket, run: number, from: string, to: string): Promise<void> {
  const sql = 'UPDATE runs SET state = ?, at = ? WHERE id = ? AND state = ?';
  const [{ affectedRows }] = await pool.execute<ResultSetHeader>(sql, [to, Date.now(), run, from]);
  if (affectedRows !== 1) throw new Error(`The run ${run} was not ${from}.`);
  socket.send(JSON.stringify({ run, state: to }));
}

sockets.on('connection', (socket) => {
  socket.on('message', (data) => {
    const { run, state } = JSON.parse(String(data)) as { run: number; state: string };
    void change(socket, run, state === 'RUNNING' ? 'WAITING' : 'RUNNING', state);
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' && address !== null ? address.port : 0);
});
process.on('message', async () => {
  await Promise.all(
    [...sockets.clients].map(async (socket, run) => {
      await pool.execute('INSERT INTO runs (id, state, at) VALUES (?, ?, ?)', [run, 'WAITING', Date.now()]);
      socket.send(JSON.stringify({ run, state: 'WAITING' }));
    }),
  );
});
process.on('disconnect', () => process.exit());
