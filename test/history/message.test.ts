import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LARGEST_MESSAGE, readMessage } from '../../src/history/intake/message.js';

const read = (value: unknown) => readMessage(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));

const REPORT = { transactionId: '7', reportId: 'r', events: [] };

/** Each fault of a message as `place: what`. */
function issuesOf(value: unknown): string[] {
  const message = read(value);
  if (!('issues' in message)) return [];
  return message.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('the body of a message', () => {
  it('names a mutation and brings its input, as GraphQL takes it', () => {
    const graph = { tasks: [{ id: '34', name: 'swift', nodes: ['1', '2'] }, { name: 'sync' }] };
    expect(
      read({ transactionStart: { cluster: 'lab', externalId: 'd1', graph, settings: { a: 1 }, dryRun: true } }),
    ).toEqual({
      operation: 'transactionStart',
      input: {
        cluster: 'lab',
        clusterName: null,
        releaseVersion: null,
        externalId: 'd1',
        name: null,
        graph: { tasks: [graph.tasks[0], { id: null, name: 'sync', nodes: null }] },
        settings: { a: 1 },
        dryRun: true,
      },
    });
    expect(
      read({ transactionReport: { transactionId: 12, reportId: 5, events: [{ status: 'ready' }, 1], progress: 3 } }),
    ).toEqual({
      operation: 'transactionReport',
      input: {
        transactionId: '12',
        externalId: null,
        cluster: null,
        reportId: '5',
        events: [{ status: 'ready' }, 1],
        progress: 3,
        message: null,
      },
    });
    expect(
      read({ transactionEnd: { externalId: 'd1', cluster: 'lab', status: 'ERROR', time: 1_457_362_146 } }),
    ).toEqual({
      operation: 'transactionEnd',
      input: {
        transactionId: null,
        externalId: 'd1',
        cluster: 'lab',
        status: 'ERROR',
        reason: null,
        time: 1_457_362_146,
        attempt: null,
      },
    });
  });

  it.each([
    ['nothing', '', 'NOT_JSON'],
    ['a text', 'restart node 5', 'NOT_JSON'],
    ['half of it', '{"transactionEnd": {', 'NOT_JSON'],
    ['a list', [], 'NOT_AN_OBJECT'],
    ['null', null, 'NOT_AN_OBJECT'],
    ['a number', 5, 'NOT_AN_OBJECT'],
    ['no key', {}, 'UNKNOWN_OPERATION'],
    ['two keys', { transactionReport: REPORT, transactionEnd: {} }, 'UNKNOWN_OPERATION'],
    ['another mutation', { jobDelete: { id: '1' } }, 'UNKNOWN_OPERATION'],
    ['a word of every object', { constructor: {} }, 'UNKNOWN_OPERATION'],
    ['an input that is none', { transactionReport: [] }, 'INVALID_INPUT'],
    ['no input', { transactionReport: null }, 'INVALID_INPUT'],
    ['lists in lists in lists', `{"transactionReport":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'TOO_DEEP'],
  ])('that is %s is refused', (_what, value, fault) => {
    expect(read(value)).toMatchObject({ fault });
  });

  it('brings the ids of clusters, deployments, tasks and nodes as Fuel writes them, which is as numbers', () => {
    const graph = { tasks: [{ id: 34, name: 'swift', nodes: [1, '2'] }] };
    expect(read({ transactionStart: { cluster: 1, externalId: 12, graph } })).toMatchObject({
      input: { cluster: '1', externalId: '12', graph: { tasks: [{ id: '34', name: 'swift', nodes: ['1', '2'] }] } },
    });
    expect(read({ transactionEnd: { cluster: 1, externalId: 12, status: 'READY' } })).toMatchObject({
      input: { cluster: '1', externalId: '12' },
    });
  });

  it('may be as large as the limit, and no larger', () => {
    const filled = (size: number): Buffer => {
      const text = JSON.stringify({ transactionReport: REPORT });
      return Buffer.concat([Buffer.from(text), Buffer.alloc(size - text.length, ' ')]);
    };
    expect(readMessage(filled(LARGEST_MESSAGE))).toMatchObject({ operation: 'transactionReport' });
    expect(readMessage(filled(LARGEST_MESSAGE + 1))).toMatchObject({ fault: 'TOO_LARGE' });
  });

  it('is UTF-8, with or without a byte order mark; what is wrong is not quoted', () => {
    const text = JSON.stringify({ transactionReport: REPORT });
    expect(readMessage(Buffer.from(`\uFEFF${text}`))).toMatchObject({ operation: 'transactionReport' });
    expect(readMessage(Buffer.from([0x22, 0xff, 0x22]))).toMatchObject({ fault: 'NOT_JSON' });
    const secret = read('{"password": "swordfish"');
    expect(JSON.stringify(secret)).not.toContain('swordfish');
  });

  it.each([
    [{ transactionStart: {} }, ['cluster: "cluster" is needed.', 'externalId: "externalId" is needed.']],
    [{ transactionStart: { cluster: 5.5, externalId: 'd' } }, ['cluster: "cluster" is a text or a whole number.']],
    [{ transactionReport: { ...REPORT, events: {} } }, ['events: "events" is a list.']],
    [{ transactionReport: { ...REPORT, reportId: 1.5 } }, ['reportId: "reportId" is a text or a whole number.']],
    [{ transactionReport: { ...REPORT, progress: '5' } }, ['progress: "progress" is a whole number.']],
    [{ transactionEnd: { status: 'ready' } }, ['status: "status" is one of READY, ERROR, STOPPED.']],
    [{ transactionEnd: { status: null } }, ['status: "status" is needed.']],
    [
      {
        transactionStart: {
          cluster: 'c',
          externalId: 'd',
          graph: { tasks: [5, { nodes: ['1', 2, true] }, { name: 'a', on: 1 }] },
        },
      },
      [
        'graph.tasks.0: This is an object.',
        'graph.tasks.1.name: "name" is needed.',
        'graph.tasks.1.nodes.2: This is a text or a whole number.',
        'graph.tasks.2.on: There is no such field; there are id, name, nodes.',
      ],
    ],
  ])('with faults names each by its place: %j', (value, issues) => {
    expect(issuesOf(value).sort()).toEqual(issues.sort());
  });

  it('never throws, whatever it is', () => {
    fc.assert(fc.property(fc.uint8Array(), (body) => void readMessage(body)));
    const inputs = fc.dictionary(
      fc.constantFrom('transactionId', 'externalId', 'reportId', 'events', 'graph', 'status', 'time', '__proto__', 'x'),
      fc.jsonValue(),
    );
    const operations = fc.constantFrom('transactionStart', 'transactionReport', 'transactionEnd', '__proto__');
    fc.assert(
      fc.property(operations, inputs, (operation, input) => {
        const message = read(`{${JSON.stringify(operation)}: ${JSON.stringify(input)}}`);
        if ('fault' in message) expect(message.message).not.toBe('');
        else expect(message.operation).toBe(operation);
      }),
    );
  });

  it('takes every input that is right, and refuses it with one more field', () => {
    const optional = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined });
    const report = fc.record({
      externalId: fc.string(),
      cluster: optional(fc.string()),
      reportId: fc.oneof(fc.string(), fc.maxSafeInteger()),
      events: fc.array(fc.jsonValue()),
      progress: optional(fc.integer()),
      message: optional(fc.oneof(fc.string(), fc.constant(null))),
    });
    fc.assert(
      fc.property(report, (input) => {
        const given = JSON.parse(JSON.stringify(input));
        expect(read({ transactionReport: given })).toMatchObject({
          operation: 'transactionReport',
          input: { externalId: given.externalId, reportId: String(given.reportId), events: given.events },
        });
        expect(read({ transactionReport: { ...given, eventz: [] } })).toMatchObject({ fault: 'INVALID_INPUT' });
      }),
    );
  });
});
