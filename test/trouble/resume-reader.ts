import type { OrrerySdk } from '@orrery/sdk';
import { createClient } from 'graphql-sse';
import { ADMIN_TOKEN } from '../kit/server.js';
import type { ServerProcess } from '../kit/server-process.js';

/** What a reader is told, at least. */
export interface Told {
  readonly cursor: string;
}

/** A subscription, as a reader asks for it over each transport. */
export interface LiveField<T extends Told> {
  /** A document with the variable $after. */
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  /** The same by the typed client. */
  follow(sdk: OrrerySdk, after: string | null, signal: AbortSignal): AsyncIterable<T>;
}

export type Transport = 'SDK' | 'SSE';

type Take<T> = (told: T) => void;

/** Over the typed client, which speaks the WebSocket protocol; returns what ends it. */
function overSdk<T extends Told>(
  field: LiveField<T>,
  server: ServerProcess,
  after: string | null,
  take: Take<T>,
): () => void {
  const end = new AbortController();
  const read = async (): Promise<void> => {
    for await (const told of field.follow(server.sdk(), after, end.signal)) take(told);
  };
  void read();
  return () => end.abort();
}

/** Over graphql-sse; returns what ends it. */
function overSse<T extends Told>(
  { query, variables }: LiveField<T>,
  server: ServerProcess,
  after: string | null,
  take: Take<T>,
): () => void {
  const client = createClient({ url: server.endpoint, headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
  const next = ({ data }: { data?: Record<string, T> | null }): void => {
    for (const told of Object.values(data ?? {})) take(told);
  };
  client.subscribe<Record<string, T>>(
    { query, variables: { ...variables, after } },
    { next, error: () => undefined, complete: () => undefined },
  );
  return () => client.dispose();
}

const OPEN = { SDK: overSdk, SSE: overSse };

/** Reads on from the last cursor that it has kept, wherever it connects. */
export class ResumeReader<T extends Told> {
  readonly told: T[] = [];
  readonly #field: LiveField<T>;
  readonly #start: string | null;
  #leave: (() => void) | undefined;

  constructor(field: LiveField<T>, start: string | null) {
    this.#field = field;
    this.#start = start;
  }

  connect(transport: Transport, server: ServerProcess): void {
    this.disconnect();
    let current = true;
    const take = (told: T): void => {
      // What still comes over a connection that was given up belongs to nobody.
      if (current) this.told.push(told);
    };
    const leave = OPEN[transport](this.#field, server, this.told.at(-1)?.cursor ?? this.#start, take);
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
