// The limit of bench/run-output.ts: node:http takes a batch, one transaction of mysql2 stores it, ws sends it on.
// Sends its port.
import { createServer } from 'node:http';
import { createPool, type RowDataPacket } from 'mysql2/promise';
import { WebSocketServer } from 'ws';
import type { Piece } from './run-output-log.js';

const [, , uri = ''] = process.argv;
const pool = createPool({ uri, connectionLimit: 10 });
const TABLE = 'CREATE TABLE pieces (sequence INT PRIMARY KEY, text MEDIUMTEXT NOT NULL, at BIGINT NOT NULL)';
await pool.query(TABLE);

async function store(pieces: readonly Piece[]): Promise<void> {
  const connection = await pool.getConnection();
  await connection.beginTransaction();
  const rows = pieces.map(({ sequence, text }) => [sequence, text, Date.now()]);
  await connection.query('INSERT INTO pieces (sequence, text, at) VALUES ?', [rows]);
  await connection.commit();
  connection.release();
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', async () => {
    const pieces: Piece[] = JSON.parse(Buffer.concat(chunks).toString());
    await store(pieces);
    for (const piece of pieces) {
      const text = JSON.stringify(piece);
      for (const socket of sockets.clients) socket.send(text);
    }
    response.end();
  });
});
const sockets = new WebSocketServer({ server });
// Whoever comes gets what is there: at most the first piece.
sockets.on('connection', async (socket) => {
  const [rows] = await pool.query<(Piece & RowDataPacket)[]>('SELECT sequence, text FROM pieces ORDER BY sequence');
  for (const { sequence, text } of rows) socket.send(JSON.stringify({ sequence, text }));
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' && address !== null ? address.port : 0);
});
process.on('disconnect', () => process.exit());
