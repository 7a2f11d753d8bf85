import { readdir, readFile, readlink } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ExpectedError } from '../lib/errors.js';

/** The server cannot listen; the message says why and what to do. */
class ListenError extends ExpectedError {
  constructor(message: string) {
    super('UNAVAILABLE', message);
  }
}

/** Another Orrery behind an address, asked by its health page; null when it is none. */
async function orreryAt(host: string, port: number): Promise<string | null> {
  try {
    const name = host.includes(':') ? `[${host}]` : host;
    const response = await fetch(`http://${name}:${port}/health/live`, { signal: AbortSignal.timeout(1_000) });
    const body: unknown = await response.json();
    const known = typeof body === 'object' && body !== null && 'product' in body && body.product === 'orrery';
    return known && 'name' in body ? `another Orrery server ("${String(body.name)}")` : null;
  } catch {
    return null;
  }
}

/** The inode of the socket that listens on a port, from /proc/net/tcp (Linux). */
function listenerIn(table: string, port: number): string | null {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  for (const line of table.split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/);
    if (fields[1]?.endsWith(wanted) && fields[3] === '0A') return fields[9] ?? null;
  }
  return null;
}

async function ownerOf(inode: string): Promise<string | null> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const descriptor of descriptors) {
      const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '');
      if (target !== `socket:[${inode}]`) continue;
      return `process ${pid} (${(await readFile(`/proc/${pid}/comm`, 'utf8')).trim()})`;
    }
  }
  return null;
}

/** The process that holds a port, where the system lets us see it. */
async function processAt(port: number): Promise<string | null> {
  try {
    for (const path of ['/proc/net/tcp', '/proc/net/tcp6']) {
      const inode = listenerIn(await readFile(path, 'utf8'), port);
      if (inode !== null) return await ownerOf(inode);
    }
  } catch {
    // Not Linux, or not ours to see: the message does without.
  }
  return null;
}

async function explain(error: NodeJS.ErrnoException, host: string, port: number): Promise<ListenError> {
  const place = `${host} port ${port}`;
  if (error.code === 'EADDRINUSE') {
    const holder = (await orreryAt(host, port)) ?? (await processAt(port)) ?? 'another program';
    const remedy = 'stop it, or choose another port with --port or ORRERY_PORT';
    return new ListenError(`Cannot listen on ${place}: ${holder} holds it. To go on, ${remedy}.`);
  }
  if (error.code === 'EACCES') {
    return new ListenError(`Cannot listen on ${place}: not permitted. Choose a port above 1023 with ORRERY_PORT.`);
  }
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return new ListenError(`Cannot listen on ${place}: this host has no such address. Mend ORRERY_HOST.`);
  }
  return new ListenError(`Cannot listen on ${place}: ${error.message}.`);
}

/** Begins to listen and returns the port. Throws ListenError, which names who holds the port where that can be known. */
export async function listen(server: Server, host: string, port: number): Promise<number> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: host.replace(/^\[|\]$/g, ''), port }, () => {
        server.off('error', reject);
        resolve();
      });
    });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw await explain(error, host, port);
  }
  const address: AddressInfo | string | null = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}
