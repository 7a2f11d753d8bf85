// Reports of deployments by RabbitMQ, and what became of those that could not be taken in (docs/history.md).
//
//   node docs/examples/report-queue.mjs send FILE   publishes each line of the file, a message in JSON
//   node docs/examples/report-queue.mjs dead        prints the bodies of the dead, and why they are (on standard error)
//   node docs/examples/report-queue.mjs retry       moves the dead back into the queue
//
// Needs ORRERY_AMQP_URL; ORRERY_REPORTS_QUEUE and ORRERY_REPORTS_DEAD_QUEUE where the queues have other names.
import { readFileSync } from 'node:fs';
import { connect } from 'amqplib';

const { ORRERY_AMQP_URL: url, ORRERY_REPORTS_QUEUE, ORRERY_REPORTS_DEAD_QUEUE } = process.env;
const queue = ORRERY_REPORTS_QUEUE ?? 'orrery.reports';
const dead = ORRERY_REPORTS_DEAD_QUEUE ?? 'orrery.reports.dead';

/** Resolves when the broker has the message on its disk; rejects when there is no such queue. */
function publish(channel, content) {
  return new Promise((resolve, reject) => {
    channel.once('return', () => reject(new Error(`There is no queue "${queue}": start a server first.`)));
    const options = { persistent: true, mandatory: true, contentType: 'application/json' };
    channel.sendToQueue(queue, content, options, (error) => (error ? reject(error) : resolve()));
  }).finally(() => channel.removeAllListeners('return'));
}

async function send(channel, path) {
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
  for (const line of lines) await publish(channel, Buffer.from(line));
  console.error(`${lines.length} messages are in ${queue}`);
}

/** Calls `look` with each message that is among the dead by now. */
async function eachOfTheDead(channel, look) {
  const { messageCount } = await channel.checkQueue(dead);
  for (let seen = 0; seen < messageCount; seen += 1) {
    const message = await channel.get(dead);
    if (message) await look(message);
  }
}

async function show(channel) {
  await eachOfTheDead(channel, ({ content, properties: { headers = {} } }) => {
    console.error(`${headers['x-orrery-at']} ${headers['x-orrery-code']}: ${headers['x-orrery-reason']}`);
    console.log(content.toString());
  });
  channel.nackAll(true);
}

async function retry(channel) {
  await eachOfTheDead(channel, async (message) => {
    await publish(channel, message.content);
    channel.ack(message);
  });
}

const verbs = { send, dead: show, retry };
const [verb, path] = process.argv.slice(2);
if (url === undefined || !Object.hasOwn(verbs, verb) || (verb === 'send' && path === undefined)) {
  console.error('Set ORRERY_AMQP_URL, and say: send FILE, dead, or retry.');
  process.exit(2);
}
const connection = await connect(url);
const channel = await connection.createConfirmChannel();
await verbs[verb](channel, path);
await channel.close();
await connection.close();
