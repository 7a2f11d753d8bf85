import type { TcpProxy } from '../kit/tcp-proxy.js';

/** Of the header: the length of the whole message, its number, what it answers, and what kind it is. */
const HEADER = 16;
const OP_MSG = 2_013;
/** In front of the command's name: the message's flags, the section's kind, the document's length, the field's type. */
const BEFORE_NAME = 4 + 1 + 4 + 1;

/** Finds the commands in what one client sends by MongoDB's wire protocol, in pieces of any size. */
export class CommandReader {
  #rest: Buffer = Buffer.alloc(0);

  /** The names of the commands that became complete by this piece. */
  read(piece: Buffer): string[] {
    const names: string[] = [];
    let rest = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    while (rest.length >= HEADER && rest.length >= rest.readInt32LE(0)) {
      const length = rest.readInt32LE(0);
      if (length < HEADER) throw new Error('This is not the wire protocol of MongoDB.');
      names.push(nameOf(rest.subarray(0, length)));
      rest = rest.subarray(length);
    }
    this.#rest = rest;
    return names;
  }
}

/** The command is the first field of the document. Before it knows the server a client says hello in an older form. */
function nameOf(message: Buffer): string {
  if (message.readInt32LE(12) !== OP_MSG) return 'hello';
  const start = HEADER + BEFORE_NAME;
  return message.toString('latin1', start, message.indexOf(0, start));
}

/** Counts what one server asks of MongoDB: every request that goes through its proxy, the driver's own ones too. */
export class MongoRequests {
  readonly #counts = new Map<string, number>();

  constructor(proxy: TcpProxy) {
    proxy.on('connection', (client) => {
      const reader = new CommandReader();
      client.on('data', (piece: Buffer) => {
        for (const name of reader.read(piece)) this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
      });
    });
  }

  /** So far, by the command's name. */
  get counts(): ReadonlyMap<string, number> {
    return new Map(this.#counts);
  }
}
