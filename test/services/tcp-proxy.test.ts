import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TcpProxy } from '../kit/tcp-proxy.js';

let server: Server;
let serverSide: Socket[];
let proxy: TcpProxy;

/** A server that sends back what it gets, and the proxy before it. */
beforeEach(async () => {
  serverSide = [];
  server = createServer((socket) => {
    serverSide.push(socket);
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  proxy = await TcpProxy.before(`redis://127.0.0.1:${address.port}`);
});

afterEach(async () => {
  await proxy.close();
  for (const socket of serverSide) socket.destroy();
  server.close();
});

async function client(): Promise<Socket> {
  const socket = connect(proxy.port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

async function echo(socket: Socket, data: string): Promise<string> {
  socket.write(data);
  const [reply] = await once(socket, 'data');
  return String(reply);
}

/** The error code that ends a connection. */
async function failure(socket: Socket): Promise<unknown> {
  const [error] = await once(socket, 'error');
  return error.code;
}

describe('the TCP proxy', () => {
  it('keeps the rest of a URL', () => {
    const url = proxy.through('mysql://user:secret@db.example:3306/orrery?ssl=false');
    expect(url).toBe(`mysql://user:secret@127.0.0.1:${proxy.port}/orrery?ssl=false`);
  });

  it.each([
    ['without trouble', {}],
    ['late', { delay: 5 }],
    ['slowly', { bytesPerSecond: 20_000_000 }],
    ['late and slowly', { delay: 5, bytesPerSecond: 20_000_000 }],
  ])('passes every byte in order, %s', async (_, faults) => {
    proxy.trouble(faults);
    const sent = Buffer.from(Array.from({ length: 300_000 }, (_unused, index) => index % 251));
    const socket = await client();
    const received = buffer(socket);
    socket.end(sent);
    expect(sent.equals(await received)).toBe(true);
  });

  it('resets open connections and takes new ones', async () => {
    const socket = await client();
    await echo(socket, 'a');
    const failed = failure(socket);
    proxy.reset();
    expect(await failed).toBe('ECONNRESET');
    expect(await echo(await client(), 'b')).toBe('b');
  });

  it('cuts, and carries again when restored', async () => {
    const open = await client();
    await echo(open, 'a');
    const failed = failure(open);
    proxy.cut();
    expect(await failed).toBe('ECONNRESET');
    expect(await failure(connect(proxy.port, '127.0.0.1'))).toBe('ECONNRESET');
    proxy.restore();
    expect(await echo(await client(), 'b')).toBe('b');
  });

  it('holds what is said, and passes it on when restored', async () => {
    const socket = await client();
    await echo(socket, 'a');
    proxy.trouble({ hold: true });
    const held = once(proxy, 'held');
    const reply = echo(socket, 'late');
    expect(await held).toEqual([4]);
    proxy.restore();
    expect(await reply).toBe('late');
  });

  it('falls silent without closing, and tells the end when it is spoken to again', async () => {
    const socket = await client();
    await echo(socket, 'a');
    proxy.trouble({ drop: true });
    const dropped = once(proxy, 'dropped');
    socket.write('lost');
    expect(await dropped).toEqual([4]);
    const ended = once(proxy, 'dropped');
    serverSide[0]?.destroy();
    expect(await ended).toEqual([0]);
    expect(socket.readableEnded).toBe(false);
    proxy.restore();
    const failed = failure(socket);
    socket.write('anyone there?');
    expect(await failed).toBe('ECONNRESET');
  });

  it('shows a server that does not listen as a reset', async () => {
    server.close();
    await once(server, 'close');
    expect(await failure(connect(proxy.port, '127.0.0.1'))).toBe('ECONNRESET');
  });
});
