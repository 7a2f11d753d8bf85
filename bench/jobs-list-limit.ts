// The limit of bench/jobs-list.ts: node:http, one prepared statement, JSON.stringify. A request names the statement by
// its number. Sends its port.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createPool, type RowDataPacket } from 'mysql2/promise';

interface Statement {
  sql: string;
  values: (string | number)[];
}

const [, , uri = '', file = ''] = process.argv;
const statements: Statement[] = JSON.parse(readFileSync(file, 'utf8'));
const pool = createPool({ uri, connectionLimit: 10, supportBigNumbers: true });

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', async () => {
    const { list } = JSON.parse(Buffer.concat(chunks).toString()) as { list: number };
    const statement = statements[list];
    if (!statement) throw new Error(`There is no statement ${list}.`);
    const [rows] = await pool.execute<RowDataPacket[]>(statement.sql, statement.values);
    const text = JSON.stringify({ data: rows });
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
    response.end(text);
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' && address !== null ? address.port : 0);
});
process.on('disconnect', () => process.exit());
