import { describe, expect, it } from 'vitest';
import { inProcessDoorbell } from '../../src/events/doorbell/in-process.js';
import { pollingDoorbell } from '../../src/events/doorbell/polling.js';
import { redisDoorbell } from '../../src/events/doorbell/redis.js';
import { doorbellContract, Looks } from '../contract/doorbell.js';

describe('the doorbell of one process', () => {
  doorbellContract(() => {
    const bell = inProcessDoorbell();
    return { one: bell, other: bell, close: () => bell.close() };
  });
});

describe('the doorbell that polls', () => {
  doorbellContract(() => {
    const [one, other] = [pollingDoorbell(5), pollingDoorbell(5)];
    return {
      one,
      other,
      close: () => {
        one.close();
        other.close();
      },
    };
  });
});

describe('the doorbell on Redis, where Redis is not there', () => {
  it('rings in the process, polls for the others, and neither blocks nor crashes', async () => {
    const bell = redisDoorbell({ url: 'redis://127.0.0.1:1', interval: 5 });
    const looks = new Looks();
    bell.listen('events', looks.look);
    bell.ring('events');
    await looks.until(5);
    expect(bell.state()).toBe('AWAY');
    bell.close();
  });
});
