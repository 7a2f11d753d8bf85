import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import type { Ctx } from '../auth/actor.js';
import type { Call, Credentials } from '../auth/authenticate.js';

/** Finds out where calls come from. */
export class Callers {
  readonly #proxies = new BlockList();
  readonly #ownOrigin: string | null;

  /** `publicUrl`: the URL that people reach this server by; null where no proxy stands before it. */
  constructor(options: { trustedProxies: readonly string[]; publicUrl: string | null }) {
    for (const proxy of options.trustedProxies) {
      const [address = '', bits] = proxy.split('/');
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
      if (isIP(address) === 0) continue;
      this.#proxies.addSubnet(address, Number(bits ?? (family === 'ipv6' ? 128 : 32)), family);
    }
    this.#ownOrigin = options.publicUrl === null ? null : new URL(options.publicUrl).origin;
  }

  /** A call's request id (the caller's, where it is a plain one) and origin. */
  callOf(req: IncomingMessage, via: Ctx['origin']['via']): Call {
    const named = req.headers['x-request-id'];
    const requestId = typeof named === 'string' && /^[\w.-]{8,64}$/.test(named) ? named : randomUUID();
    return { requestId, origin: { via, address: this.#addressOf(req) } };
  }

  /** What a call brings to prove who it is. A cookie counts only for pages of this server itself. */
  credentialsOf(req: IncomingMessage): Credentials {
    const cookie = req.headers.cookie;
    return {
      authorization: req.headers.authorization ?? null,
      cookie: cookie !== undefined && this.isOwnPage(req) ? cookie : null,
    };
  }

  /** Whether a call comes from a page of this server, or from no page at all (no Origin header). */
  isOwnPage(req: IncomingMessage): boolean {
    const { origin, host } = req.headers;
    if (origin === undefined || origin === this.#ownOrigin) return true;
    return URL.canParse(origin) && new URL(origin).host === host;
  }

  /** The nearest address in the chain of proxies that is not a trusted proxy. */
  #addressOf(req: IncomingMessage): string | null {
    let address = plainAddress(req.socket.remoteAddress);
    const chain = req.headers['x-forwarded-for'];
    if (chain === undefined) return address;
    for (const hop of String(chain).split(',').reverse()) {
      if (address === null || !this.#isProxy(address)) break;
      address = plainAddress(hop.trim());
    }
    return address;
  }

  #isProxy(address: string): boolean {
    return this.#proxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
}

/** An address as text; IPv4 in IPv6's clothes as IPv4; null for what is none. */
function plainAddress(address: string | undefined): string | null {
  if (address === undefined) return null;
  const plain = address.startsWith('::ffff:') ? address.slice(7) : address;
  return isIP(plain) === 0 ? null : plain;
}
