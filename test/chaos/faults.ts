import { setTimeout as sleep } from 'node:timers/promises';
import type { SchedulerPoint } from '../../src/scheduler/points.js';
import type { Faults as NetworkFaults } from '../kit/tcp-proxy.js';
import type { Holding } from './observer.js';
import type { Random } from './random.js';
import type { StoreName } from './stores.js';
import { nameOf, type World } from './world.js';

/** Nothing takes longer than this; what does is told as "never". */
const PATIENCE = 90_000;
/** How long to wait for a point of the scheduler that may not come up. */
const POINT_PATIENCE = 20_000;

/** Something that was done to the servers or their stores, and how they came out of it. Milliseconds. */
export interface Incident {
  readonly at: string;
  readonly what: string;
  /** Until every shard of the one that was hit had another owner; null = never. */
  readonly takeover?: number | null;
  /** Until nothing was overdue any more, from the end of the trouble on (for a death: from the death on). */
  readonly recovery?: number | null;
  /** What `/health/ready` said meanwhile. */
  readonly health?: string;
  /** Transactions of a frozen server that were refused when it went on, by its own log. */
  readonly refused?: number;
}

/** A server that is held at a point when it dies: it can tell nothing of itself any more. */
interface Held {
  readonly held: boolean;
  /** What it held before that, where it has given it back meanwhile. */
  readonly holdings?: readonly Holding[] | undefined;
}

/** Does the harm of a trial, and takes down what came of it. */
export class Faults {
  readonly incidents: Incident[] = [];
  readonly #world: World;
  readonly #random: Random;
  readonly #say: (line: string) => void;

  constructor(world: World, random: Random, say: (line: string) => void) {
    this.#world = world;
    this.#random = random;
    this.#say = say;
  }

  #note(incident: Omit<Incident, 'at'>): void {
    const one = { at: new Date().toISOString(), ...incident };
    this.incidents.push(one);
    const part = (name: string, value: number | null | undefined): string =>
      value === undefined ? '' : `, ${name} ${value === null ? 'never' : `${(value / 1_000).toFixed(1)} s`}`;
    const health = incident.health === undefined ? '' : `, health: ${incident.health}`;
    const refused = incident.refused === undefined ? '' : `, late transactions refused: ${incident.refused}`;
    this.#say(
      `${one.what}${part('taken over in', one.takeover)}${part('recovered in', one.recovery)}${refused}${health}`,
    );
  }

  #recovered(): Promise<number | null> {
    const { observer } = this.#world;
    return observer.until(() => observer.isCurrent(), PATIENCE);
  }

  /** Waits for a point, but not for ever: nothing may be due there. */
  async #reached(reached: Promise<void>): Promise<boolean> {
    const limit = new AbortController();
    const late = sleep(POINT_PATIENCE, false, { signal: limit.signal }).catch(() => false);
    const found = await Promise.race([reached.then(() => true), late]);
    limit.abort();
    return found;
  }

  /** A server that holds shards, chosen by chance: the others would not be missed. */
  async victim(): Promise<number> {
    const { observer, indexes } = this.#world;
    const held = await Promise.all(indexes.map((index) => observer.holdings(nameOf(index)).catch(() => [])));
    const owners = indexes.filter((index) => (held[index]?.length ?? 0) > 0);
    return this.#random.of(owners.length > 0 ? owners : indexes);
  }

  /** kill -9 at any moment; the others take over, then it is started again. */
  async kill(index: number): Promise<void> {
    await this.#die([index], `kill -9 of ${nameOf(index)}`);
  }

  /** kill -9 at a named point of the scheduler. */
  async killAt(index: number, point: SchedulerPoint): Promise<void> {
    if (point === 'leased') return this.#killTaker(index, 'SIGTERM');
    const engine = this.#world.engine(index);
    const handingOver = point === 'handing-over';
    // At this point the leases are given back already: what it held before has to be taken all the same.
    const holdings = handingOver ? await this.#world.observer.holdings(nameOf(index)) : undefined;
    const arrived = engine.holdAt({ point, count: handingOver ? 1 : this.#random.between(1, 3) });
    if (handingOver) engine.signal('SIGTERM');
    const how = (await this.#reached(arrived)) ? 'at' : 'on the way to';
    await this.#die([index], `kill -9 of ${nameOf(index)} ${how} "${point}"`, { held: true, holdings });
  }

  /** One server dies, and the next dies with the leases on its shards in hand: it takes two leases to get over it. */
  killTwo(index: number): Promise<void> {
    return this.#killTaker(index, 'SIGKILL');
  }

  /** A server ends, and the one that takes its shards dies with their leases in hand: a third one has to take them all. */
  async #killTaker(first: number, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const world = this.#world;
    const second = this.#random.of(world.indexes.filter((index) => index !== first));
    const arrived = world.engine(second).holdAt({ point: 'leased', count: 1 });
    const ended = world.end(first, signal);
    const how = (await this.#reached(arrived)) ? 'at' : 'on the way to';
    const end = signal === 'SIGTERM' ? 'stopped' : 'killed';
    const what = `${nameOf(first)} ${end}, kill -9 of ${nameOf(second)} ${how} "leased"`;
    await this.#die([second], what, { held: true });
    await ended;
    await world.start(first);
  }

  /** Ends these servers where they still live, waits for their shards to be taken, and starts them again. */
  async #die(indexes: readonly number[], what: string, at: Held = { held: false }): Promise<void> {
    const world = this.#world;
    const found = await Promise.all(indexes.map((index) => world.observer.holdings(nameOf(index))));
    const holdings = at.holdings ?? found.flat();
    for (const index of indexes) if (world.engine(index).alive) await world.end(index, 'SIGKILL', at.held);
    const takeover = await world.observer.until(() => world.observer.areTaken(holdings), PATIENCE);
    // Before the takeover nothing may be overdue for a moment, and be so again.
    const after = await this.#recovered();
    const recovery = takeover === null || after === null ? null : takeover + after;
    await Promise.all(indexes.map((index) => world.start(index)));
    this.#note({ what: `${what} (${holdings.length} shards)`, takeover, recovery });
  }

  /** kill -9, and a start right after it: the service takes its own shards back, nobody waits for a lease to end. */
  async killAndRestart(index: number): Promise<void> {
    const world = this.#world;
    const holdings = await world.observer.holdings(nameOf(index));
    await world.end(index, 'SIGKILL');
    const begun = performance.now();
    await world.start(index);
    await world.observer.until(() => world.observer.areTaken(holdings), PATIENCE);
    const takeover = Math.round(performance.now() - begun);
    this.#note({ what: `kill -9 of ${nameOf(index)} and its restart`, takeover, recovery: await this.#recovered() });
  }

  /** A stop in order (SIGTERM) and a start: its shards are handed over at once. */
  async restart(index: number): Promise<void> {
    const world = this.#world;
    const holdings = await world.observer.holdings(nameOf(index));
    const ended = world.end(index, 'SIGTERM');
    const takeover = await world.observer.until(() => world.observer.areTaken(holdings), PATIENCE);
    const { code, signal } = await ended;
    await world.start(index);
    this.#note({ what: `${nameOf(index)} stopped in order (${signal ?? code}) and started`, takeover });
  }

  /** SIGSTOP for longer than the lease, then SIGCONT: what it does late must be refused. */
  async freeze(index: number, milliseconds: number): Promise<void> {
    const world = this.#world;
    const engine = world.engine(index);
    const holdings = await world.observer.holdings(nameOf(index));
    engine.signal('SIGSTOP');
    const [takeover] = await Promise.all([
      world.observer.until(() => world.observer.areTaken(holdings), PATIENCE),
      sleep(milliseconds),
    ]);
    const refused = await world.refusals(index);
    engine.signal('SIGCONT');
    const what = `${nameOf(index)} frozen for ${milliseconds / 1_000} s (${holdings.length} shards)`;
    const recovery = await this.#recovered();
    this.#note({ what, takeover, recovery, refused: (await world.refusals(index)) - refused });
  }

  /** Frozen in the middle of a firing transaction for longer than the lease; then it goes on, and must not commit. */
  async freezeAt(index: number, point: SchedulerPoint, milliseconds: number): Promise<void> {
    const world = this.#world;
    const engine = world.engine(index);
    const reached = await this.#reached(engine.holdAt({ point, count: 1 }));
    const holdings = await world.observer.holdings(nameOf(index));
    engine.signal('SIGSTOP');
    const [takeover] = await Promise.all([
      world.observer.until(() => world.observer.areTaken(holdings), PATIENCE),
      sleep(milliseconds),
    ]);
    const refused = await world.refusals(index);
    engine.signal('SIGCONT');
    engine.release();
    const where = reached ? `at "${point}"` : 'at no point';
    const what = `${nameOf(index)} frozen ${where} for ${milliseconds / 1_000} s, then let on (${holdings.length} shards)`;
    const recovery = await this.#recovered();
    // It takes a moment to learn that its connection is gone.
    await world.observer.until(async () => (await world.refusals(index)) > refused, 5_000);
    this.#note({ what, takeover, recovery, refused: (await world.refusals(index)) - refused });
  }

  /** kill -9 of a store; it comes back with its data after so long. */
  async killStore(store: StoreName, milliseconds: number): Promise<void> {
    const { place } = this.#world.options;
    await place.kill(store);
    await sleep(milliseconds);
    const health = await this.#health();
    await place.restart(store);
    const what = `${store} killed, away for ${milliseconds / 1_000} s`;
    this.#note({ what, recovery: await this.#recovered(), health });
  }

  /** The MongoDB database with all of Agenda's entries is dropped; resolves when every entry is back. */
  async dropMongo(): Promise<void> {
    await this.#world.options.place.dropMongo();
    this.#note({ what: "MongoDB's database dropped", recovery: await this.#recovered() });
  }

  /** Trouble on the way from one server to a store; `cut` resets all connections and refuses new ones. */
  async network(index: number, store: StoreName, trouble: Partial<NetworkFaults> | 'cut', milliseconds: number) {
    const proxy = this.#world.proxy(index, store);
    const shown =
      trouble === 'cut'
        ? 'cut'
        : Object.entries(trouble)
            .map(([name, value]) => `${name} ${value}`)
            .join();
    if (trouble === 'cut') proxy.cut();
    else proxy.trouble(trouble);
    await sleep(milliseconds);
    const health = (await this.#world.engine(index).health()) ?? 'no answer';
    proxy.restore();
    // What was thrown away is lost to both ends: a connection that never hears of it would wait for ever.
    if (trouble !== 'cut' && trouble.drop) proxy.reset();
    const what = `${nameOf(index)} to ${store}: ${shown} for ${milliseconds / 1_000} s`;
    this.#note({ what, recovery: await this.#recovered(), health });
  }

  async #health(): Promise<string> {
    const world = this.#world;
    const said = await Promise.all(world.indexes.map((index) => world.engine(index).health()));
    return [...new Set(said.map((one) => one ?? 'no answer'))].join(' / ');
  }
}
