import { connect, createServer, type Server, type Socket } from 'node:net';

/** How often each server is asked whether it is there, in milliseconds. */
const CHECK_EVERY = 500;

/** A server behind the front. */
export interface Backend {
  /** Where it answers; empty = nowhere. */
  readonly url: string;
  health(): Promise<string | null>;
}

/**
 * A load balancer, as an operator has one before the servers: it leads each connection to a server that is well,
 * and ends those that lead to one that no longer answers.
 */
export class Front {
  readonly #server: Server;
  readonly #backends: () => readonly Backend[];
  /** Each open socket, and the server it belongs to. */
  readonly #sockets = new Map<Socket, string>();
  #well: string[] = [];
  #turn = 0;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;

  private constructor(backends: () => readonly Backend[]) {
    this.#backends = backends;
    this.#server = createServer((client) => this.#lead(client));
  }

  static async before(backends: () => readonly Backend[]): Promise<Front> {
    const front = new Front(backends);
    await new Promise<void>((resolve) => {
      front.#server.listen(0, '127.0.0.1', resolve);
    });
    await front.#check();
    return front;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('The front is closed.');
    return `http://127.0.0.1:${address.port}`;
  }

  /** Whether it knows a server that is well. */
  get isOpen(): boolean {
    return this.#well.length > 0;
  }

  async #check(): Promise<void> {
    const asked = this.#backends().filter(({ url }) => url !== '');
    const answers = await Promise.all(
      asked.map(async (backend) => ((await backend.health()) === null ? '' : backend.url)),
    );
    this.#well = answers.filter((url) => url !== '');
    for (const [socket, target] of this.#sockets) if (!this.#well.includes(target)) socket.destroy();
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#check(), CHECK_EVERY);
  }

  #lead(client: Socket): void {
    client.on('error', () => client.destroy());
    const target = this.#well[this.#turn % Math.max(1, this.#well.length)];
    this.#turn += 1;
    if (target === undefined) {
      client.destroy();
      return;
    }
    const { hostname, port } = new URL(target);
    const server = connect(Number(port), hostname);
    this.#hold(client, target);
    this.#hold(server, target);
    client.pipe(server).pipe(client);
    client.on('close', () => server.destroy());
    server.on('close', () => client.destroy());
  }

  #hold(socket: Socket, target: string): void {
    this.#sockets.set(socket, target);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#server.close();
    for (const socket of this.#sockets.keys()) socket.destroy();
  }
}
