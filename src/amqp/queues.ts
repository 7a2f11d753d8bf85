import type { ChannelModel } from 'amqplib';

/** A durable queue, as it is made where it is not there. */
export interface QueueDefinition {
  readonly name: string;
  /** Such as `x-max-length`. */
  readonly arguments?: Readonly<Record<string, string | number>>;
}

/** The queue is there already, with other properties. */
const PRECONDITION_FAILED = 406;

const isOther = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === PRECONDITION_FAILED;

/** Runs `work` on a channel of its own: the broker closes a channel on which anything fails. */
async function onChannel(model: ChannelModel, work: (channel: Awaited<ReturnType<typeof open>>) => Promise<unknown>) {
  const channel = await open(model);
  await work(channel);
  await channel.close();
}

async function open(model: ChannelModel) {
  const channel = await model.createChannel();
  // What failed is told by the promise of what was asked.
  channel.on('error', () => {});
  return channel;
}

/**
 * Makes sure that a durable queue is there. One that its operator made otherwise (a quorum queue, another bound) is used
 * as it is. Throws what the broker says when it refuses.
 */
export async function provideQueue(model: ChannelModel, { name, arguments: given = {} }: QueueDefinition) {
  try {
    await onChannel(model, (channel) => channel.assertQueue(name, { durable: true, arguments: { ...given } }));
  } catch (error) {
    if (!isOther(error)) throw error;
    await onChannel(model, (channel) => channel.checkQueue(name));
  }
}
