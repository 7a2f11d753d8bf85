import { WebSocket } from 'ws';

export interface Message {
  type: string;
  id?: string;
  payload?: unknown;
}

/** A client that speaks the protocol by hand, to say what a well-behaved one would not. */
export class RawSocket {
  readonly socket: WebSocket;
  readonly messages: Message[] = [];
  /** Resolves with the close code; or with the HTTP status of a refused upgrade. */
  readonly ended: Promise<number>;
  /** Called with each message as it comes. */
  onMessage: (message: Message) => void = () => {};
  #waiting: { fits: (message: Message) => boolean; resolve: (message: Message) => void }[] = [];

  constructor(url: string, headers: Record<string, string> = {}, protocols = ['graphql-transport-ws']) {
    this.socket = new WebSocket(url, protocols, { headers });
    this.ended = new Promise((resolve) => {
      this.socket.on('close', (code) => resolve(code));
      this.socket.on('unexpected-response', (request, response) => {
        resolve(response.statusCode ?? 0);
        request.destroy();
      });
    });
    this.socket.on('error', () => {});
    this.socket.on('message', (data) => this.#take(JSON.parse(String(data))));
  }

  async opened(): Promise<this> {
    if (this.socket.readyState === WebSocket.CONNECTING) {
      await new Promise((resolve) => {
        this.socket.once('open', resolve);
      });
    }
    return this;
  }

  /** Connects as somebody. */
  async initialised(name = 'me'): Promise<this> {
    await this.opened();
    this.send({ type: 'connection_init', payload: { authorization: `Bearer ${name}` } });
    await this.next('connection_ack');
    return this;
  }

  send(message: Message | string): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  subscribe(id: string, query: string, variables: Record<string, unknown> = {}): void {
    this.send({ type: 'subscribe', id, payload: { query, variables } });
  }

  /** The next message of a type (of an operation), taken out of what has come. */
  async next(type: string, id?: string): Promise<Message> {
    const fits = (message: Message): boolean => message.type === type && (id === undefined || message.id === id);
    const index = this.messages.findIndex(fits);
    const [found] = index < 0 ? [] : this.messages.splice(index, 1);
    return (
      found ??
      new Promise((resolve) => {
        this.#waiting.push({ fits, resolve });
      })
    );
  }

  #take(message: Message): void {
    this.onMessage(message);
    const index = this.#waiting.findIndex(({ fits }) => fits(message));
    const [wait] = index < 0 ? [] : this.#waiting.splice(index, 1);
    if (wait) wait.resolve(message);
    else this.messages.push(message);
  }

  close(): void {
    this.socket.terminate();
  }
}
