import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OutputStream } from '../../src/agent/executors/executor.js';
import { cutText, OutputPieces } from '../../src/agent/output-pieces.js';
import { systemTimers, type Timers } from '../../src/agent/timers.js';

/** No delay takes time. */
const instantTimers: Timers = { after: (_ms, callback) => systemTimers.after(0, callback) };

describe('pieces of output', () => {
  it('cuts between characters, and loses none', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 4, max: 20 }), (text, limit) => {
        const parts = cutText(text, limit);
        expect(parts.join('')).toBe(text);
        for (const part of parts) expect(Buffer.byteLength(part)).toBeLessThanOrEqual(limit);
      }),
    );
  });

  it('keeps the order of both streams, whole', async () => {
    const line = fc.record({
      stream: fc.constantFrom<OutputStream>('stdout', 'stderr'),
      text: fc.string({ minLength: 1 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(line), async (lines) => {
        const written: { stream: OutputStream; text: string }[] = [];
        const write = async (stream: OutputStream, text: string) => void written.push({ stream, text });
        const pieces = new OutputPieces(write, instantTimers, (error) => expect.fail(String(error)));
        for (const { stream, text } of lines) await pieces.push(stream, text);
        await pieces.end();
        const runs = (all: typeof written) => all.flatMap(({ stream, text }) => [...text].map((one) => stream + one));
        expect(runs(written)).toEqual(runs(lines));
      }),
      { numRuns: 30 },
    );
  });

  it('gathers what comes while a piece is written, and holds back who writes too fast', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const written: string[] = [];
    const write = (_stream: OutputStream, text: string): Promise<void> => {
      written.push(text);
      return held;
    };
    const pieces = new OutputPieces(write, instantTimers, () => undefined);
    expect(pieces.push('stdout', 'first\n')).toBeUndefined();
    expect(pieces.push('stdout', 'second\n')).toBeUndefined();
    expect(pieces.push('stdout', 'third\n')).toBeUndefined();
    expect(written).toEqual(['first\n']);
    expect(pieces.push('stdout', 'x'.repeat(300 * 1024))).toBeInstanceOf(Promise);
    release();
    await pieces.end();
    expect(written[1]?.startsWith('second\nthird\n')).toBe(true);
    expect(written.every((text) => text.length <= 32 * 1024)).toBe(true);
  });

  it('tells once that writing failed, and throws away what follows', async () => {
    const failures: unknown[] = [];
    const write = () => Promise.reject(new Error('full'));
    const pieces = new OutputPieces(write, instantTimers, (error) => failures.push(error));
    void pieces.push('stdout', 'one\n');
    await pieces.end();
    expect(pieces.push('stdout', 'two\n')).toBeUndefined();
    await pieces.end();
    expect(failures).toEqual([new Error('full')]);
  });
});
