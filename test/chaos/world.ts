import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TcpProxy } from '../kit/tcp-proxy.js';
import { type Ended, type EngineOptions, EngineProcess } from './engine-process.js';
import { Front } from './front.js';
import { MongoRequests } from './mongo-requests.js';
import { Observer } from './observer.js';
import type { Place, StoreName } from './stores.js';

/** The product as it is built here. */
export const PRODUCT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** What a server says of itself that is added up over all starts: what is lost with a killed one is asked for before. */
const COUNTED = {
  fencesRefused: 'orrery_fence_refused_total',
  refusedTwice: 'orrery_fire_refused_twice_total',
  takeovers: 'orrery_shard_takeovers_total',
  mended: 'orrery_scheduler_mended_total',
} as const;

/** How long sharing out may take, and catching up with what is overdue; milliseconds. */
const SETTLING = 90_000;

export type Counts = Record<keyof typeof COUNTED, number>;

export interface WorldOptions {
  readonly place: Place;
  /** For logs, and the files that runs write. */
  readonly directory: string;
  readonly engines: number;
  /** How long an engine holds a shard without renewing it: `15s`. */
  readonly shardLease: string;
  /** The stores that each server reaches through a proxy of its own. */
  readonly proxied?: readonly StoreName[];
  /** Without MongoDB the SQL database elects. */
  readonly withoutMongo?: boolean;
  /** Milliseconds that the hosts' clocks are ahead, by server. */
  readonly clocks?: readonly number[];
  /** The address of MariaDB for one server; by default the same for all. */
  readonly databaseUrl?: (index: number) => string;
}

/** The servers of one scenario, what leads to them, and who looks at them from outside. */
export class World {
  readonly observer: Observer;
  readonly front: Front;
  readonly options: WorldOptions;
  readonly counts: Counts = { fencesRefused: 0, refusedTwice: 0, takeovers: 0, mended: 0 };
  readonly #engines: EngineProcess[];
  /** The build each server is started from. */
  readonly #products = new Map<number, string>();
  readonly #proxies: ReadonlyMap<StoreName, TcpProxy>[];
  /** What each server asks of MongoDB; none where it is not asked through a proxy. */
  readonly mongoRequests: readonly MongoRequests[];

  private constructor(
    options: WorldOptions,
    observer: Observer,
    proxies: ReadonlyMap<StoreName, TcpProxy>[],
    front: Front,
    engines: EngineProcess[],
  ) {
    this.options = options;
    this.observer = observer;
    this.#proxies = proxies;
    this.mongoRequests = proxies.flatMap((own) => {
      const proxy = own.get('secantus');
      return proxy ? [new MongoRequests(proxy)] : [];
    });
    this.front = front;
    this.#engines = engines;
  }

  /** Migrates the database; no server runs yet. `product`: the build that migrates. */
  static async open(options: WorldOptions, product = PRODUCT): Promise<World> {
    migrate(options.place.url('mariadb'), product);
    const proxies: Map<StoreName, TcpProxy>[] = [];
    for (let index = 0; index < options.engines; index += 1) {
      const own = new Map<StoreName, TcpProxy>();
      for (const store of options.proxied ?? []) own.set(store, await TcpProxy.before(options.place.url(store)));
      proxies.push(own);
    }
    const engines: EngineProcess[] = [];
    const front = await Front.before(() => engines.filter(({ alive }) => alive));
    return new World(options, new Observer(options.place.url('mariadb')), proxies, front, engines);
  }

  get indexes(): number[] {
    return Array.from({ length: this.options.engines }, (_, index) => index);
  }

  /** The servers that run. */
  get alive(): number[] {
    return this.indexes.filter((index) => this.#engines[index]?.alive);
  }

  engine(index: number): EngineProcess {
    const engine = this.#engines[index];
    if (!engine) throw new Error(`The server ${nameOf(index)} was not started.`);
    return engine;
  }

  proxy(index: number, store: StoreName): TcpProxy {
    const proxy = this.#proxies[index]?.get(store);
    if (!proxy) throw new Error(`This scenario has no proxy before ${store}.`);
    return proxy;
  }

  #settings(index: number): Record<string, string> {
    const { place, shardLease, databaseUrl, withoutMongo } = this.options;
    const through = (store: StoreName): string =>
      this.#proxies[index]?.get(store)?.through(place.url(store)) ?? place.url(store);
    return {
      databaseUrl: databaseUrl?.(index) ?? through('mariadb'),
      // A member of a replica set tells the others' addresses, which would lead round the proxy.
      ...(withoutMongo ? {} : { mongodbUrl: `${through('secantus')}?directConnection=true` }),
      redisUrl: through('redis'),
      shardLease,
    };
  }

  /** From the next start on this server is one of another build. */
  use(index: number, product: string): void {
    this.#products.set(index, product);
  }

  async start(index: number): Promise<EngineProcess> {
    const product = this.#products.get(index) ?? PRODUCT;
    const name = nameOf(index);
    const clockAhead = this.options.clocks?.[index];
    const options: EngineOptions = {
      name,
      product,
      version: product === PRODUCT ? 'new' : 'old',
      settings: this.#settings(index),
      log: join(this.options.directory, `${name}.log`),
      ...(clockAhead === undefined ? {} : { clockAhead }),
    };
    const engine = await EngineProcess.start(options);
    this.#engines[index] = engine;
    return engine;
  }

  /** Starts every server; resolves when every shard is held. */
  async startAll(product = PRODUCT): Promise<void> {
    for (const index of this.indexes) this.use(index, product);
    await Promise.all(this.indexes.map((index) => this.start(index)));
    const held = await this.observer.until(async () => {
      const { all, held } = await this.observer.shards();
      return all > 0 && all === held;
    }, 60_000);
    await this.observer.until(async () => this.front.isOpen, 10_000);
    if (held === null) throw new Error('Within a minute of the start not every shard had an owner.');
  }

  /**
   * Resolves when these servers, and no others, hold every shard in even shares, and nothing is overdue; the milliseconds
   * until then. Rejects when that does not come.
   */
  async settled(indexes: readonly number[] = this.indexes): Promise<number> {
    const names = indexes.map(nameOf);
    const { observer } = this;
    const passed = await observer.until(
      async () => (await observer.areShared(names)) && (await observer.isCurrent()),
      SETTLING,
    );
    if (passed === null) throw new Error(`The shards were not shared out evenly: ${await observer.spread()}.`);
    return passed;
  }

  /** Keeps what a server has counted, as long as it can be asked. */
  async #remember(engine: EngineProcess): Promise<void> {
    for (const name of Object.keys(COUNTED) as (keyof Counts)[]) {
      this.counts[name] += engine.url === '' ? 0 : await engine.metric(COUNTED[name]);
    }
  }

  /** Ends a server by a signal, in order or not. */
  async end(index: number, signal: NodeJS.Signals, held = false): Promise<Ended> {
    const engine = this.engine(index);
    if (!held) await this.#remember(engine);
    return engine.end(signal);
  }

  /** How often a server's transactions were refused, its connection being ended or its fence passed, by its log. */
  async refusals(index: number): Promise<number> {
    const text = await readFile(join(this.options.directory, `${nameOf(index)}.log`), 'utf8');
    const why = /ECONNRESET|EPIPE|Connection lost|closed state|LEASE_LOST/;
    return text.split('\n').filter((line) => line.includes('could not be drained') && why.test(line)).length;
  }

  /** Ends every server in order. */
  async endAll(): Promise<Ended[]> {
    return Promise.all(this.alive.map((index) => this.end(index, 'SIGTERM')));
  }

  /** Leaves nothing behind, whatever state it is in. */
  async close(): Promise<void> {
    for (const engine of this.#engines) if (engine?.alive) await engine.end('SIGKILL');
    this.front.close();
    for (const own of this.#proxies) for (const proxy of own.values()) await proxy.close();
    await this.observer.close();
  }
}

export const nameOf = (index: number): string => `engine-${index + 1}`;

/** `orrery migrate` of a build. */
export function migrate(databaseUrl: string, product: string): void {
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, ORRERY_DATABASE_URL: databaseUrl };
  const ended = spawnSync(process.execPath, [join(product, 'bin/orrery.js'), 'migrate'], { env, encoding: 'utf8' });
  if (ended.status !== 0) throw new Error(`orrery migrate failed: ${ended.stdout}${ended.stderr}`);
}
