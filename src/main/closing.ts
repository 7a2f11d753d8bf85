import { SECOND } from '../lib/time.js';
import type { Logger } from '../telemetry/logger.js';

/** Closes one thing that is open. */
export type Close = () => Promise<void> | void;

interface Part {
  readonly name: string;
  readonly close: Close;
}

/** How much longer than the time of grace a stage may take: then what stands below it is closed all the same. */
const OVERTIME = 10 * SECOND;

/**
 * What is open, in stages. They are closed one after the other, the last opened first, and the parts of one stage at the
 * same time. What cannot be closed is told of, and keeps nothing else open.
 */
export class Closing {
  readonly #stages: Part[][] = [];

  /** Something that stands on whatever was opened before it. */
  opened(name: string, close: Close): void {
    this.#stages.push([{ name, close }]);
  }

  /** Something that neither stands on what was opened last, nor the other way round. */
  beside(name: string, close: Close): void {
    const last = this.#stages.at(-1);
    if (last) last.push({ name, close });
    else this.opened(name, close);
  }

  /** Closes everything, once. Never rejects. `grace`: what the parts themselves wait for work under way, in milliseconds. */
  async all(log: Pick<Logger, 'error'>, grace: number): Promise<void> {
    for (let stage = this.#stages.pop(); stage !== undefined; stage = this.#stages.pop()) {
      await Promise.all(stage.map((part) => closed(part, log, grace + OVERTIME)));
    }
  }
}

async function closed({ name, close }: Part, log: Pick<Logger, 'error'>, limit: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`It took more than ${limit} ms.`)), limit);
  });
  try {
    await Promise.race([Promise.resolve().then(close), late]);
  } catch (error) {
    log.error({ error, part: name }, `The ${name} could not be closed in order.`);
  } finally {
    clearTimeout(timer);
  }
}
