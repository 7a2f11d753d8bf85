// One server of bench/http.ts in a process of its own: sends its port, and its CPU time whenever it is asked.
import { SERVERS, serve } from './http-servers.js';

const [, , wanted = '', token = ''] = process.argv;
const name = SERVERS.find((known) => known === wanted);
if (name === undefined) throw new Error(`Name one of ${SERVERS.join(', ')}.`);
process.send?.(await serve(name, token));
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.(user + system);
});
// Ends with the benchmark, however that ends.
process.on('disconnect', () => process.exit());
