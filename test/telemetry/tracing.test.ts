import { type Span, type SpanContext, type Tracer, type TracerProvider, trace } from '@opentelemetry/api';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../kit/server.js';

interface Noted {
  name: string;
  attributes: Record<string, unknown>;
  ended: boolean;
}

/** The least of an OpenTelemetry SDK: it keeps what was begun and ended. */
class Notes implements TracerProvider {
  readonly spans: Noted[] = [];

  getTracer(): Tracer {
    const begin = (name: string, attributes: Record<string, unknown> = {}): Span => {
      const noted: Noted = { name, attributes, ended: false };
      this.spans.push(noted);
      const context: SpanContext = {
        traceId: '0'.repeat(31).concat('1'),
        spanId: '0'.repeat(15).concat('1'),
        traceFlags: 1,
      };
      const span: Span = {
        spanContext: () => context,
        setAttribute: () => span,
        setAttributes: () => span,
        addEvent: () => span,
        addLink: () => span,
        addLinks: () => span,
        setStatus: () => span,
        updateName: () => span,
        end: () => {
          noted.ended = true;
        },
        isRecording: () => true,
        recordException: () => {},
      };
      return span;
    };
    const active = (name: string, ...rest: unknown[]): unknown => {
      const [options] = rest;
      const work = rest.at(-1);
      const attributes =
        typeof options === 'object' && options !== null && 'attributes' in options ? options.attributes : {};
      const span = begin(name, attributes as Record<string, unknown>);
      return typeof work === 'function' ? work(span) : undefined;
    };
    return { startSpan: (name) => begin(name), startActiveSpan: active as Tracer['startActiveSpan'] };
  }
}

const notes = new Notes();
let server: TestServer;
beforeAll(async () => {
  trace.setGlobalTracerProvider(notes);
  server = await startTestServer();
});
afterAll(async () => {
  await server.stop();
  trace.disable();
});

it('a request is traced from HTTP through GraphQL to SQL, without its values', async () => {
  const before = notes.spans.length;
  await server.post({ query: '{ jobs(filter: { keys: ["very-secret"] }) { nodes { id } } }' });
  const spans = notes.spans.slice(before).filter((span) => span.ended);
  const names = spans.map((span) => span.name);
  expect(names).toEqual(expect.arrayContaining(['http.request', 'graphql.execute', 'db.query']));
  expect(spans.find((span) => span.name === 'http.request')?.attributes).toEqual({
    'http.request.method': 'POST',
    'url.path': '/graphql',
  });
  const listing = spans.find((span) => String(span.attributes['db.query.text']).includes('FROM "jobs"'));
  expect(listing).toBeDefined();
  expect(JSON.stringify(spans)).not.toContain('very-secret');
});
