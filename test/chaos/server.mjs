// One server of a trial, as the built product starts it: `node test/chaos/server.mjs DIST`, with its settings in the
// environment. It begins when it is told to, and obeys messages: {arm: POINT, count: N} = halt when that point of the
// scheduler is reached for the Nth time, {release: true} = go on, {weigh: true} = collect all garbage and say what memory
// is in use. It says {listening: URL}, {reached: POINT} and {inUse: BYTES}, and ends with its parent.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const [dist] = process.argv.slice(2);
const product = (path) => import(new URL(path, dist).href);

let armed = null;
let release = () => {};

async function at(point) {
  if (armed?.point !== point) return;
  armed.count -= 1;
  if (armed.count > 0) return;
  armed = null;
  await new Promise((resolve) => {
    release = resolve;
    process.send({ reached: point });
  });
}

function inUse() {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  // The memory of buffers is given back by the collection after the one that finds them unused.
  for (let times = 0; times < 3; times += 1) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

process.on('message', (message) => {
  if ('weigh' in message) process.send({ inUse: inUse() });
  if ('arm' in message) armed = { point: message.arm, count: message.count };
  if ('release' in message) release();
});
process.on('disconnect', () => process.exit(1));
// A Ctrl-C of the terminal goes to the whole group: the parent decides.
process.on('SIGINT', () => {});

await new Promise((resolve) => {
  process.on('message', (message) => {
    if ('start' in message) resolve();
  });
  process.send({ ready: true });
});
const { readConfiguration } = await product('src/main/configuration.js');
const { startServer } = await product('src/main/serve.js');
// An older version has another name for what it does to its heap.
for (const tune of Object.values(await product('src/main/heap.js'))) tune();
const server = await startServer(await readConfiguration({}), {
  version: process.env.CHAOS_VERSION,
  scheduler: { at },
});
process.once('SIGTERM', async () => {
  await server.stop();
  process.exit(0);
});
process.send({ listening: server.url });
