import { Agent, request } from 'node:http';

/** A request that is repeated. */
export interface Repeated {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function once({ url, headers, body }: Repeated, agent: Agent): Promise<number> {
  const begun = performance.now();
  return new Promise((resolve, reject) => {
    const length = { 'content-length': String(Buffer.byteLength(body)) };
    const sent = request(url, { method: 'POST', agent, headers: { ...headers, ...length } }, (response) => {
      response.resume();
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve(performance.now() - begun);
        else reject(new Error(`${url} answered ${response.statusCode}`));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Repeats a request on so many connections for some seconds: how long each took, in milliseconds. */
export async function latencies(repeated: Repeated, connections: number, seconds: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const end = performance.now() + seconds * 1_000;
  const all: number[] = [];
  const work = async (): Promise<void> => {
    while (performance.now() < end) all.push(await once(repeated, agent));
  };
  await Promise.all(Array.from({ length: connections }, work));
  agent.destroy();
  return all;
}
