// One server of a trial, as the built product starts it: `node test/chaos/server.mjs DIST`, with its settings in the
// environment. It begins when it is told to, and obeys messages: {arm: POINT, count: N} = halt when that point of the
// scheduler is reached for the Nth time, {release: true} = go on. It says {listening: URL} and {reached: POINT}, and
// ends with its parent.
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

process.on('message', (message) => {
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
const { boundHeapGrowth } = await product('src/main/heap.js');
boundHeapGrowth();
const server = await startServer(await readConfiguration({}), {
  version: process.env.CHAOS_VERSION,
  scheduler: { at },
});
process.once('SIGTERM', async () => {
  await server.stop();
  process.exit(0);
});
process.send({ listening: server.url });
