import { appendFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Spool, type SpoolOptions, type SpoolRecord } from '../../src/agent/spool.js';
import { SpoolFullError, writeAt } from '../../src/agent/spool-log.js';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'orrery-spool-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const open = (more: Partial<SpoolOptions> = {}) => Spool.open({ directory, ...more });
const report = (number: number): SpoolRecord => ({ kind: 'report', body: { number } });
const output = (text: string, attempt = 1): SpoolRecord => ({
  kind: 'output',
  task: '0-exec',
  attempt,
  stream: 'stdout',
  text,
});

/** The file that a run's records are appended to. */
async function lastSegment(): Promise<string> {
  const [run = ''] = await readdir(directory);
  const segments = (await readdir(join(directory, run))).filter((name) => name.endsWith('.jsonl')).sort();
  return join(directory, run, segments.at(-1) ?? '');
}

async function texts(spool: Spool): Promise<string[]> {
  const pending = await spool.pending('run', 1_000_000);
  return pending.map(({ record }) => {
    if (record.kind === 'gap') return `gap of ${record.bytes} bytes, ${record.lines} lines`;
    return record.kind === 'output' ? record.text : JSON.stringify(record.body);
  });
}

describe('the spool', () => {
  it('keeps what is not acknowledged, in order, over restarts', async () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ do: fc.constant('append' as const), size: fc.nat(60) }) },
      fc.record({ do: fc.constant('together' as const), size: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ do: fc.constant('ack' as const), size: fc.nat(100) }),
      fc.record({ do: fc.constant('reopen' as const), size: fc.nat(10) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        await rm(directory, { recursive: true, force: true });
        let spool = await open({ segmentBytes: 100 });
        let last = 0;
        let acked = 0;
        const bodies = new Map<number, string>();
        const make = (size: number) => {
          last += 1;
          bodies.set(last, 'x'.repeat(size));
          return spool.append('run', { kind: 'report', body: { text: bodies.get(last) ?? '' } });
        };
        for (const { do: what, size } of steps) {
          if (what === 'append') await make(size);
          if (what === 'together') await Promise.all(Array.from({ length: size }, (_, index) => make(index)));
          if (what === 'ack') {
            acked = Math.max(acked, Math.floor((last * size) / 100));
            await spool.ack('run', acked);
          }
          if (what === 'reopen') {
            await spool.close();
            if (last > acked) await appendFile(await lastSegment(), '[99,{"kind":"rep'.slice(0, size));
            spool = await open({ segmentBytes: 100 });
            await spool.ack('run', acked);
          }
          const pending = await spool.pending('run', 1000);
          expect(pending.map(({ sequence }) => sequence)).toEqual(
            Array.from({ length: last - acked }, (_, index) => acked + 1 + index),
          );
          for (const { sequence, record } of pending) {
            expect(record).toEqual({ kind: 'report', body: { text: bodies.get(sequence) } });
          }
        }
        await spool.close();
      }),
      { numRuns: 40 },
    );
  });

  it('removes what is acknowledged from the disk and never gives a sequence twice', async () => {
    let spool = await open({ segmentBytes: 50 });
    for (let number = 1; number <= 20; number += 1) await spool.append('run', report(number));
    await spool.ack('run', 20);
    const [run = ''] = await readdir(directory);
    expect(await readdir(join(directory, run))).toEqual(['trimmed']);
    await spool.close();
    spool = await open();
    await spool.append('run', report(21));
    expect(await spool.pending('run')).toEqual([{ sequence: 21, record: report(21) }]);
    await spool.close();
  });

  it('knows its runs, whatever they are called', async () => {
    const spool = await open();
    const names = ['../../etc', 'a b', 'ünï', 'z'];
    for (const name of names) await spool.append(name, report(1));
    expect(await spool.runs()).toEqual(names.sort());
    await spool.remove('z');
    expect(await spool.runs()).not.toContain('z');
    expect(await readdir(directory)).toHaveLength(3);
    await spool.close();
  });

  it('gives out no more than asked for', async () => {
    const spool = await open({ segmentBytes: 60 });
    for (let number = 1; number <= 9; number += 1) await spool.append('run', report(number));
    expect((await spool.pending('run', 4)).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
    await spool.close();
  });
});

describe('trouble', () => {
  it('a full disk is one clear error, and the log goes on where it was', async () => {
    let room = 200;
    const write: typeof writeAt = async (handle, bytes, position) => {
      if (room >= bytes.length) {
        room -= bytes.length;
        return writeAt(handle, bytes, position);
      }
      await writeAt(handle, bytes.subarray(0, room), position);
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    };
    const spool = await open({ write });
    const outcomes = [];
    for (let number = 1; number <= 20; number += 1) {
      outcomes.push(
        await spool.append('run', report(number)).then(
          () => null,
          (error: unknown) => error,
        ),
      );
    }
    const failures = outcomes.filter((outcome) => outcome !== null);
    expect(failures.length).toBeGreaterThan(0);
    for (const failure of failures) expect(failure).toBeInstanceOf(SpoolFullError);
    expect(String(failures[0])).toMatch(
      /The agent's spool .* is on a full disk \(ENOSPC\): free some space there or move the spool\.$/,
    );
    room = 10_000;
    await spool.append('run', report(99));
    await spool.close();
    const again = await open();
    const pending = await again.pending('run');
    expect(pending.map(({ sequence }) => sequence)).toEqual(pending.map((_, index) => index + 1));
    expect(pending).toHaveLength(20 - failures.length + 1);
    expect(pending.at(-1)?.record).toEqual(report(99));
    await again.close();
  });

  it('a directory that cannot be used is named', async () => {
    await writeFile(join(directory, 'file'), '');
    await expect(Spool.open({ directory: join(directory, 'file', 'x') })).rejects.toThrow(
      `Cannot use the agent's spool ${join(directory, 'file', 'x')}: a part of the path is no directory (ENOTDIR).`,
    );
  });
});

describe('bounded output', () => {
  const line = (number: number) => `${String(number).padStart(9, '0')}\n`;

  async function fill(spool: Spool, lines: number): Promise<void> {
    for (let number = 0; number < lines; number += 1) await spool.append('run', output(line(number)));
  }

  it('stays whole below the limit, and is there at once', async () => {
    const spool = await open({ outputLimit: 10_000 });
    await fill(spool, 500);
    expect((await texts(spool)).join('')).toBe(Array.from({ length: 500 }, (_, number) => line(number)).join(''));
    await spool.endOutput('run', '0-exec', 1);
    expect(await texts(spool)).toHaveLength(500);
    await spool.close();
  });

  it('keeps beginning and end beyond it, and says exactly what is missing', async () => {
    const spool = await open({ outputLimit: 10_000 });
    await fill(spool, 5_000);
    expect(await texts(spool)).toHaveLength(500);
    await spool.append('run', { ...output('another attempt\n', 2) });
    await spool.endOutput('run', '0-exec', 1);
    await spool.append('run', report(1));
    const all = await texts(spool);
    expect(all[500]).toBe('another attempt\n');
    const [, bytes = '', lines = ''] = /^gap of (\d+) bytes, (\d+) lines$/.exec(all[501] ?? '') ?? [];
    const tail = all.slice(502, -1);
    expect(all.at(-1)).toBe('{"number":1}');
    expect(tail.at(-1)).toBe(line(4_999));
    expect(tail[0]).toBe(line(5_000 - tail.length));
    expect(500 + Number(lines) + tail.length).toBe(5_000);
    expect(Number(bytes)).toBe(Number(lines) * 10);
    expect(tail.length).toBeGreaterThan(20);
    await spool.close();
  });

  it('counts the pieces of each attempt without a gap', async () => {
    const spool = await open({ outputLimit: 10_000 });
    await fill(spool, 3_000);
    await spool.append('run', output('another attempt\n', 2));
    await spool.close();
    const again = await open({ outputLimit: 10_000 });
    await again.append('run', report(1));
    const pieces = (await again.pending('run', 10_000)).flatMap(({ record }) =>
      'piece' in record && record.attempt === 1 ? [record.piece] : [],
    );
    expect(pieces).toEqual(pieces.map((_, index) => index + 1));
    await again.close();
  });

  it('does not lose the end when the agent is killed', async () => {
    const spool = await open({ outputLimit: 10_000 });
    await fill(spool, 5_000);
    const again = await open({ outputLimit: 10_000 });
    const all = await texts(again);
    expect(all[500]).toMatch(/^gap of /);
    expect(all.at(-1)).toBe(line(4_999));
    await spool.close();
    await again.close();
  });

  it('gives the end out once, even when killed while doing so', async () => {
    const whole = await open({ outputLimit: 10_000 });
    await fill(whole, 5_000);
    const [run = ''] = await readdir(directory);
    const held = (await readdir(join(directory, run))).find((name) => name.startsWith('held-')) ?? '';
    let writes = 0;
    const dying: typeof writeAt = async (handle, bytes, position) => {
      writes += 1;
      const upTo = bytes.indexOf('\n', bytes.length / 2) + 1;
      await writeAt(handle, bytes.subarray(0, upTo + 7), position);
      handle.truncate = async () => undefined;
      throw Object.assign(new Error('killed'), { code: 'KILLED' });
    };
    await (await open({ outputLimit: 10_000, write: dying })).pending('run').catch(() => undefined);
    expect(writes).toBe(1);
    expect(await readdir(join(directory, run, held))).toContain('release.json');
    const again = await open({ outputLimit: 10_000 });
    const all = await texts(again);
    expect(all.filter((text) => text.startsWith('gap'))).toHaveLength(1);
    expect(new Set(all).size).toBe(all.length);
    expect(all.at(-1)).toBe(line(4_999));
    expect(await readdir(join(directory, run))).not.toContain(held);
    await whole.close();
    await again.close();
  });

  it('takes bounded room on the disk', async () => {
    const spool = await open({ outputLimit: 100_000, segmentBytes: 10_000 });
    const long = 'x'.repeat(999);
    for (let number = 0; number < 3_000; number += 1) await spool.append('run', output(`${long}\n`));
    const all = await texts(spool);
    await spool.endOutput('run', '0-exec', 1);
    const kept = (await texts(spool)).join('').length;
    expect(all).toHaveLength(50);
    expect(kept).toBeLessThan(110_000);
    await mkdir(join(directory, 'unrelated'));
    expect(await spool.runs()).toEqual(['run']);
    await spool.close();
  });
});
