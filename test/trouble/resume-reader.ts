import { createClient } from 'graphql-sse';
import { ADMIN_TOKEN } from '../kit/server.js';
import type { ServerProcess } from '../kit/server-process.js';

/** What a reader is told. */
export interface Told {
  readonly key: string;
  readonly cursor: string;
}

export type Transport = 'SDK' | 'SSE';

const QUERY = `subscription ($after: String) {
  jobStatusChanged(after: $after) { key cursor } }`;

type Take = (told: Told) => void;

/** Over the typed client, which speaks the WebSocket protocol; returns what ends it. */
function overSdk(server: ServerProcess, after: string | null, take: Take): () => void {
  const end = new AbortController();
  const read = async (): Promise<void> => {
    for await (const { jobStatusChanged } of server.sdk().jobStatusChanged({ after }, end.signal))
      take(jobStatusChanged);
  };
  void read();
  return () => end.abort();
}

/** Over graphql-sse; returns what ends it. */
function overSse(server: ServerProcess, after: string | null, take: Take): () => void {
  const client = createClient({ url: server.endpoint, headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
  client.subscribe<{ jobStatusChanged: Told }>(
    { query: QUERY, variables: { after } },
    { next: ({ data }) => data && take(data.jobStatusChanged), error: () => undefined, complete: () => undefined },
  );
  return () => client.dispose();
}

const OPEN = { SDK: overSdk, SSE: overSse };

/** Reads on from the last cursor that it has kept, wherever it connects. */
export class ResumeReader {
  readonly told: Told[] = [];
  readonly #start: string | null;
  #leave: (() => void) | undefined;

  constructor(start: string | null) {
    this.#start = start;
  }

  get keys(): string[] {
    return this.told.map(({ key }) => key);
  }

  connect(transport: Transport, server: ServerProcess): void {
    this.disconnect();
    let current = true;
    const take = (told: Told): void => {
      // What still comes over a connection that was given up belongs to nobody.
      if (current) this.told.push(told);
    };
    const leave = OPEN[transport](server, this.told.at(-1)?.cursor ?? this.#start, take);
    this.#leave = () => {
      current = false;
      leave();
    };
  }

  disconnect(): void {
    this.#leave?.();
    this.#leave = undefined;
  }
}
