// The peer of bench/history-export.ts: mysql2's own stream of one statement, as CSV into a file. Sends how it went.
//   <program> <database's URL> <file> <ORDER BY, or nothing>
import { createWriteStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createConnection } from 'mysql2';

const [, , uri = '', file = '', order = ''] = process.argv;

/** The columns of the export that are in the table itself. */
const COLUMNS = `number, id, transaction_id, scope, graph_task_id, task_name, node_id, attempt, status, reason, time_start,
  time_end, exit_code, custom`;

const field = (value: unknown): string => {
  if (value === null) return '';
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

let rows = 0;
const lines = new Transform({
  writableObjectMode: true,
  transform(row: object, _encoding, done) {
    rows += 1;
    done(null, `${Object.values(row).map(field).join(',')}\r\n`);
  },
});
const connection = createConnection({ uri });
const began = performance.now();
await pipeline(
  connection.query(`SELECT ${COLUMNS} FROM tasks ${order}`).stream({ highWaterMark: 1_000 }),
  lines,
  createWriteStream(file),
);
process.send?.({ rows, seconds: (performance.now() - began) / 1_000 });
connection.end();
process.disconnect?.();
