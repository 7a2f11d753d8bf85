import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { csvLine, formatCsv } from '../../src/cli/output/csv.js';
import { type FORMATS, rowWriter, writeObject, writeRows } from '../../src/cli/output/format.js';
import { progressOn } from '../../src/cli/output/progress.js';
import { rowStream } from '../../src/cli/output/row-stream.js';
import { Screen } from '../../src/cli/output/screen.js';
import { formatTable } from '../../src/cli/output/table.js';
import { clipText, shown, textWidth } from '../../src/cli/output/text.js';
import { Console } from './console.js';

/** A reader of RFC 4180, written apart from the writer. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  const field = /("(?:[^"]|"")*"|[^,\r\n]*)(,|\r\n)/gy;
  for (const [, raw = '', end] of text.matchAll(field)) {
    rows.at(-1)?.push(raw.startsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw);
    if (end === '\r\n') rows.push([]);
  }
  return rows.slice(0, -1);
}

const anyText = fc.string({ unit: 'binary', maxLength: 30 });
const style = { utc: true, width: 80, colour: false };

describe('csv', () => {
  it('gives back every text, but for the quote that keeps a spreadsheet from running it', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyText, anyText), { maxLength: 5 }), (pairs) => {
        const text = formatCsv(
          pairs.map(([a, b]) => ({ a, b })),
          ['a', 'b'],
        );
        const guarded = (value: string): string => (/^[=+\-@\t\r]/.test(value) ? `'${value}` : value);
        expect(readCsv(text)).toEqual([['a', 'b'], ...pairs.map(([a, b]) => [guarded(a), guarded(b)])]);
      }),
    );
  });

  it('writes numbers as they are and instants in UTC', () => {
    expect(csvLine([-1, new Date(0), null, ['a', 'b'], true])).toBe('-1,1970-01-01T00:00:00.000Z,,a b,true\r\n');
  });
});

describe('a list that is written piece by piece', () => {
  it('is the same text as of the whole list', async () => {
    const row = fc.record({ a: anyText, b: fc.option(fc.integer()), c: fc.array(fc.string()) });
    const output = fc.constantFrom('json' as const, 'yaml' as const, 'csv' as const);
    await fc.assert(
      fc.asyncProperty(output, fc.array(fc.array(row, { maxLength: 3 }), { maxLength: 4 }), async (form, pieces) => {
        const [whole, parts] = [new Console(), new Console()];
        writeRows(whole, { output: form }, pieces.flat(), ['a', 'b', 'c']);
        const stream = rowStream(parts, { output: form }, ['a', 'b', 'c']);
        for (const piece of pieces) await stream.write(piece);
        stream.end();
        expect(parts.outText).toBe(whole.outText);
      }),
    );
  });
});

describe('table', () => {
  it('never lets a foreign text steer the terminal, and never breaks a line', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ name: anyText, text: anyText }), { maxLength: 5 }), (rows) => {
        const lines = formatTable(rows, ['name', 'text'], style).split('\n');
        expect(lines).toHaveLength(rows.length + 2);
        const controls = lines.filter((line) => Array.from(line).some((char) => char < ' ' || char === '\x7f'));
        expect(controls).toEqual([]);
      }),
    );
  });

  it('keeps every line within the width', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), fc.integer({ min: 1, max: 60 }), (text, width) => {
        expect(textWidth(clipText(shown(text), width))).toBeLessThanOrEqual(width);
      }),
    );
  });

  it('aligns the columns also where characters are wide', () => {
    const rows = [
      { key: '備份', status: 'RUNNING' },
      { key: 'docs', status: 'STOPPED' },
    ];
    expect(formatTable(rows, ['key', 'status'], style)).toBe('KEY   STATUS\n備份  RUNNING\ndocs  STOPPED\n');
  });

  it('shows words of state in colour where colours are wanted', () => {
    const text = formatTable([{ key: 'FAIL', result: 'FAIL' }], ['key', 'result'], { ...style, colour: true });
    expect(text).toContain('\x1b[31mFAIL\x1b[39m');
  });
});

describe('formats', () => {
  const rows = [{ key: 'docs', at: new Date(0), count: 2, none: null, list: ['a', 'b'] }];
  const written = (output: (typeof FORMATS)[number]): string => {
    const console = new Console();
    writeRows(console, { output, utc: true }, rows, ['key', 'at', 'count', 'none', 'list']);
    return console.outText;
  };

  it('say the same in each language', () => {
    const whole = [{ key: 'docs', at: '1970-01-01T00:00:00.000Z', count: 2, none: null, list: ['a', 'b'] }];
    expect(JSON.parse(written('json'))).toEqual(whole);
    expect(parse(written('yaml'))).toEqual(whole);
    expect(written('csv')).toBe('key,at,count,none,list\r\ndocs,1970-01-01T00:00:00.000Z,2,,a b\r\n');
    expect(written('table')).toBe(
      'KEY   AT                    COUNT  NONE  LIST\ndocs  1970-01-01 00:00:00Z  2            a, b\n',
    );
  });

  it('say so on standard error when a table would be empty, and give an empty list to programs', () => {
    const console = new Console();
    writeRows(console, { output: 'table' }, [], ['key']);
    writeRows(console, { output: 'json' }, [], ['key']);
    expect(console.outText).toBe('[]\n');
    expect(console.errText).toBe('Nothing to show.\n');
  });

  it('write rows one by one, with one heading', () => {
    const lines = (output: (typeof FORMATS)[number]): string => {
      const console = new Console();
      const write = rowWriter(console, { output }, ['key']);
      write([{ key: 'a' }]);
      write([{ key: 'b' }]);
      return console.outText;
    };
    expect(lines('json')).toBe('{"key":"a"}\n{"key":"b"}\n');
    expect(lines('csv')).toBe('key\r\na\r\nb\r\n');
    expect(lines('yaml')).toBe('---\nkey: a\n---\nkey: b\n');
    expect(lines('table')).toBe('KEY\na\nb\n');
  });

  it('show of one object the fields that say something', () => {
    const console = new Console();
    writeObject(console, { output: 'table' }, { key: 'docs', result: null, status: 'RUNNING' });
    expect(console.outText).toBe('key     docs\nstatus  RUNNING\n');
  });
});

describe('what is drawn again', () => {
  it('is a progress line that makes room for other lines, and is silent in pipes', () => {
    const terminal = new Console('TERMINAL');
    const progress = progressOn(terminal);
    progress.show(0.5, 'half');
    progress.above(() => terminal.out('a line\n'));
    progress.clear();
    const drawn = '\r\x1b[2K[############------------]  50 %  half';
    expect(terminal.errText).toBe(`${drawn}\r\x1b[2K${drawn}\r\x1b[2K`);
    const pipe = new Console();
    progressOn(pipe).show(0.5, 'half');
    expect(pipe.errText).toBe('');
  });

  it('is a screen that goes back over its own lines, and stays within the height', () => {
    const terminal = new Console('TERMINAL');
    const screen = new Screen(terminal);
    screen.draw(['one', 'two']);
    screen.draw(['three']);
    expect(terminal.outText).toBe('one\ntwo\n\x1b[2A\r\x1b[Jthree\n');
    terminal.outText = '';
    screen.draw(Array.from({ length: 100 }, (_, index) => `line ${index}`));
    expect(terminal.outText.split('\n')).toHaveLength(terminal.height - 1);
    expect(terminal.outText).toContain('... 83 more');
  });
});
