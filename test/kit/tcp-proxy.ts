import { EventEmitter, once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * What the proxy does to the connections it carries; a change also holds for those that are open.
 * `delay`: milliseconds that each piece of data is late, each way. `bytesPerSecond`: the speed each way.
 * `hold`: data and ends wait until it is set back: a network that is cut and heals.
 * `drop`: data and ends are thrown away: a peer that is gone without a word (half-open).
 */
export interface Faults {
  delay: number;
  bytesPerSecond: number;
  hold: boolean;
  drop: boolean;
}

const HEALTHY: Faults = { delay: 0, bytesPerSecond: Number.POSITIVE_INFINITY, hold: false, drop: false };

/** Bytes that may wait in the proxy, each way, before the sender is held back. */
const MAX_WAITING = 1_048_576;
/** A slow connection gets its data in this many pieces a second. */
const STEPS_PER_SECOND = 20;

interface Events {
  /** A client came: what it sends can be heard on it. */
  connection: [client: Socket];
  /** Bytes began to wait; 0 for the end of a connection. */
  held: [bytes: number];
  /** Bytes were thrown away; 0 for the end of a connection. */
  dropped: [bytes: number];
  /** The faults are others now. */
  changed: [];
}

/** A TCP proxy on loopback that makes the trouble a network makes. Real timers: a delay is what it is there for. */
export class TcpProxy extends EventEmitter<Events> {
  readonly #target: { readonly host: string; readonly port: number };
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Those whose end was dropped. */
  readonly #gone = new WeakSet<Socket>();
  #faults = HEALTHY;
  #cut = false;

  private constructor(target: { readonly host: string; readonly port: number }) {
    super();
    this.setMaxListeners(0);
    this.#target = target;
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#carry(client));
  }

  /** Listens on a free port of 127.0.0.1 before a server named by a URL with host and port. */
  static async before(url: string): Promise<TcpProxy> {
    const { hostname, port } = new URL(url);
    const proxy = new TcpProxy({ host: hostname, port: Number(port) });
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('The proxy is closed.');
    return address.port;
  }

  /** The same URL, through the proxy. */
  through(url: string): string {
    const changed = new URL(url);
    changed.hostname = '127.0.0.1';
    changed.port = String(this.port);
    return changed.href;
  }

  /** Adds trouble to what is set already. */
  trouble(faults: Partial<Faults>): void {
    this.#faults = { ...this.#faults, ...faults };
    this.emit('changed');
  }

  /** Resets all open connections (RST); new ones are welcome. */
  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Resets all connections, and each new one as it comes, until `restore`. The port stays taken. */
  cut(): void {
    this.#cut = true;
    this.reset();
  }

  /** Ends all trouble. Connections that were cut do not come back, and bytes that were dropped are lost. */
  restore(): void {
    this.#cut = false;
    this.#faults = HEALTHY;
    this.emit('changed');
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #carry(client: Socket): void {
    if (this.#cut) {
      client.on('error', () => {});
      client.resetAndDestroy();
      return;
    }
    const server = connect({ ...this.#target, allowHalfOpen: true });
    this.#join(client, server);
    this.#join(server, client);
    this.emit('connection', client);
  }

  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.setNoDelay(true);
    // What arrives is passed on in its order, whatever is set meanwhile.
    let passed = Promise.resolve();
    let waiting = 0;
    from.on('data', (data: Buffer) => {
      const arrived = performance.now();
      waiting += data.length;
      if (waiting > MAX_WAITING) from.pause();
      passed = passed.then(async () => {
        if (await this.#lets(data.length)) await this.#pass(data, arrived, from, to);
        waiting -= data.length;
        if (waiting <= MAX_WAITING) from.resume();
      });
    });
    const finish = (how: () => void) => {
      passed = passed.then(async () => {
        if (await this.#lets(0)) how();
        else this.#gone.add(from);
      });
    };
    from.on('end', () => finish(() => to.end()));
    from.on('error', () => finish(() => to.resetAndDestroy()));
    from.on('close', () => {
      this.#sockets.delete(from);
      finish(() => to.destroy());
    });
  }

  /** Waits while the proxy holds; false when what came is to be thrown away. */
  async #lets(bytes: number): Promise<boolean> {
    if (this.#faults.hold) this.emit('held', bytes);
    while (this.#faults.hold) await once(this, 'changed');
    if (this.#faults.drop) this.emit('dropped', bytes);
    return !this.#faults.drop;
  }

  async #pass(data: Buffer, arrived: number, from: Socket, to: Socket): Promise<void> {
    const { delay, bytesPerSecond } = this.#faults;
    const early = arrived + delay - performance.now();
    if (early > 0) await sleep(early, undefined, { ref: false });
    const step = Number.isFinite(bytesPerSecond) ? Math.ceil(bytesPerSecond / STEPS_PER_SECOND) : data.length;
    for (let start = 0; start < data.length; start += step) {
      const piece = data.subarray(start, start + step);
      if (Number.isFinite(bytesPerSecond))
        await sleep((piece.length / bytesPerSecond) * 1_000, undefined, { ref: false });
      // The other side may have gone while we were deaf: then this side learns it at its next word, as from a host.
      if (to.destroyed || this.#gone.has(to)) from.resetAndDestroy();
      else if (!to.write(piece)) await drained(to);
    }
  }
}

/** Resolves when the socket can take more, or is gone. */
function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      socket.off('drain', settle).off('close', settle);
      resolve();
    };
    socket.on('drain', settle).on('close', settle);
  });
}
