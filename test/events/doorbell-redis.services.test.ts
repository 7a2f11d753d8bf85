import { it } from 'vitest';
import type { DoorbellState } from '../../src/events/doorbell/doorbell.js';
import { redisDoorbell } from '../../src/events/doorbell/redis.js';
import { doorbellContract, Looks } from '../contract/doorbell.js';
import { describeWithStores, freshRedis } from '../kit/stores.js';
import { TcpProxy } from '../kit/tcp-proxy.js';

/** An hour: what arrives was not polled for. */
const NEVER = 3_600_000;

/** Opens a doorbell and says when its state changes. */
function open(url: string, prefix: string, interval = NEVER) {
  let changed: (state: DoorbellState) => void = () => {};
  const bell = redisDoorbell({ url, prefix, interval, onState: (state) => changed(state) });
  const become = (wanted: DoorbellState): Promise<void> =>
    new Promise((resolve) => {
      changed = (state) => {
        if (state === wanted) resolve();
      };
      if (bell.state() === wanted) resolve();
    });
  return { bell, become };
}

describeWithStores('the doorbell on Redis', ['redis'], () => {
  doorbellContract(async () => {
    const { url, prefix } = freshRedis();
    const [one, other] = [open(url, prefix), open(url, prefix)];
    await Promise.all([one.become('UP'), other.become('UP')]);
    return {
      one: one.bell,
      other: other.bell,
      close: () => {
        one.bell.close();
        other.bell.close();
      },
    };
  });

  it('looks once everywhere after an outage, polls meanwhile, and rings as before', async () => {
    const { url, prefix } = freshRedis();
    const proxy = await TcpProxy.before(url);
    const [near, far] = [open(url, prefix), open(proxy.through(url), prefix, 5)];
    const looks = new Looks();
    far.bell.listen('events', looks.look);
    far.bell.listen('output:run_1', () => {});
    await Promise.all([near.become('UP'), far.become('UP')]);
    const away = far.become('AWAY');
    proxy.cut();
    await away;
    const during = looks.count;
    await looks.until(during + 3);
    const up = far.become('UP');
    proxy.restore();
    await up;
    // The look after the reconnect comes by itself; the one after it was rung for.
    const back = looks.count;
    await looks.until(back + 1);
    const after = looks.count;
    near.bell.ring('events');
    await looks.until(after + 1);
    near.bell.close();
    far.bell.close();
    await proxy.close();
  });
});
