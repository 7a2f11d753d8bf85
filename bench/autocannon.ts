import { createRequire } from 'node:module';

/** What is read of autocannon's answer (it ships no types). */
export interface LoadResult {
  requests: { average: number; total: number };
  latency: { p50: number; p99: number };
  non2xx: number;
  errors: number;
}

interface LoadOptions {
  url: string;
  method: 'POST';
  headers: Record<string, string>;
  body: string;
  connections: number;
  /** Seconds. */
  duration?: number;
  /** So many requests, instead of a time. */
  amount?: number;
}

/** Puts a server under load. */
export const putUnderLoad: (options: LoadOptions) => Promise<LoadResult> = createRequire(import.meta.url)('autocannon');
