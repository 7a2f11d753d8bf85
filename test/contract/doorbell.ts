import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Doorbell } from '../../src/events/doorbell/doorbell.js';

/** Two doorbells of one installation: where `together`, what one rings the other hears. */
export interface DoorbellPair {
  one: Doorbell;
  other: Doorbell;
  close(): Promise<void> | void;
}

/** Counts looks, and lets a test wait for one. */
export class Looks {
  count = 0;
  #waiting: { count: number; resolve: () => void }[] = [];

  readonly look = (): void => {
    this.count += 1;
    for (const wait of this.#waiting.splice(0)) {
      if (this.count >= wait.count) wait.resolve();
      else this.#waiting.push(wait);
    }
  };

  async until(count: number): Promise<void> {
    if (this.count >= count) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push({ count, resolve });
    });
  }
}

/** What every doorbell does, whatever carries it. */
export function doorbellContract(open: () => Promise<DoorbellPair> | DoorbellPair): void {
  let pair: DoorbellPair;
  beforeEach(async () => {
    pair = await open();
  });
  afterEach(() => pair.close());

  it('tells a ring to every listener of the channel, here and in other processes', async () => {
    const [here, too, there] = [new Looks(), new Looks(), new Looks()];
    pair.one.listen('events', here.look);
    pair.one.listen('events', too.look);
    pair.other.listen('events', there.look);
    pair.one.ring('events');
    await Promise.all([here.until(1), too.until(1), there.until(1)]);
  });

  it('never calls a listener within the ring itself, and tells rings of one turn once', async () => {
    const looks = new Looks();
    pair.one.listen('events', looks.look);
    const before = looks.count;
    for (let ring = 0; ring < 100; ring += 1) pair.one.ring('events');
    expect(looks.count).toBe(before);
    await looks.until(before + 1);
    expect(looks.count - before).toBeLessThan(10);
  });

  it('does not tell a channel to those of another one', async () => {
    const [output, events] = [new Looks(), new Looks()];
    pair.one.listen('output:run_1', output.look);
    pair.one.listen('events', events.look);
    await Promise.resolve();
    const before = output.count;
    pair.one.ring('events');
    await events.until(1);
    expect(output.count - before).toBeLessThanOrEqual(1);
  });

  it('stops telling who does not listen any more, and one function may listen twice', async () => {
    const [gone, stays] = [new Looks(), new Looks()];
    const stop = pair.one.listen('events', gone.look);
    pair.one.listen('events', stays.look);
    const stopTwin = pair.one.listen('events', stays.look);
    stop();
    stopTwin();
    stopTwin();
    pair.one.ring('events');
    await stays.until(1);
    expect(gone.count).toBe(0);
  });

  it('ignores rings after it was closed', () => {
    pair.one.close();
    pair.one.close();
    pair.one.ring('events');
  });
}
