import { describe, expect, it } from 'vitest';
import { type Evidence, judge } from './ledger.js';
import { instantsUntil, type Rhythm } from './rhythm.js';

const START = Date.UTC(2026, 10, 21, 12);
const every: Rhythm = { kind: 'every', from: START, milliseconds: 1_000 };
const until = START + 2_500;
const job = { id: 'job_a', rhythm: every };

/** Three due instants, all fired in time, each of which left its line. */
function sound(): Evidence {
  const instants = [START, START + 1_000, START + 2_000];
  return {
    fired: [],
    executed: [job],
    until,
    occurrences: instants.map((scheduledFor) => ({
      subject: 'job_a',
      scheduledFor,
      outcome: 'WAITING',
      reason: null,
      runId: `run_${scheduledFor}`,
      firedAt: scheduledFor + 5,
    })),
    runs: instants.map((scheduledFor) => ({ id: `run_${scheduledFor}`, jobId: 'job_a', scheduledFor })),
    lines: instants.map((scheduledFor) => ({
      runId: `run_${scheduledFor}`,
      jobKey: 'executed-0',
      at: scheduledFor + 40,
    })),
  };
}

const WELL = { missed: 0, doubled: 0, early: 0, invented: 0, faults: [] };

describe('the verdict of a trial', () => {
  it('is good where each due instant was fired once and left one line', () => {
    const { fires, lines } = judge(sound());
    expect(fires).toMatchObject({ ...WELL, due: 3, lateness: [5, 5, 5] });
    expect(lines).toMatchObject({ ...WELL, due: 3, lateness: [40, 40, 40] });
  });

  it('finds a due instant that was never fired', () => {
    const { occurrences, runs, ...rest } = sound();
    const { fires } = judge({ ...rest, occurrences: occurrences.slice(1), runs: runs.slice(1) });
    expect(fires).toMatchObject({ missed: 1, doubled: 0, faults: [expect.stringContaining('nothing happened')] });
  });

  it('does not count an occurrence that made no run, or one whose run is gone', () => {
    const evidence = sound();
    const [first, ...others] = evidence.occurrences;
    if (!first) throw new Error('There is a first one.');
    const missed = { ...first, outcome: 'MISSED', reason: 'SERVER_DOWN', runId: null };
    const without = { ...evidence, occurrences: [missed, ...others], runs: evidence.runs.slice(1) };
    expect(judge(without).fires).toMatchObject({ missed: 1, faults: [expect.stringContaining('SERVER_DOWN')] });
    expect(judge({ ...evidence, runs: evidence.runs.slice(1) }).fires.missed).toBe(1);
    expect(judge({ ...evidence, occurrences: others }).fires.missed).toBe(1);
  });

  it('finds an instant that made two runs', () => {
    const evidence = sound();
    const [run] = evidence.runs;
    const [occurrence] = evidence.occurrences;
    if (!run || !occurrence) throw new Error('There is a first one.');
    const { fires } = judge({
      ...evidence,
      runs: [...evidence.runs, { ...run, id: 'run_twice' }],
      occurrences: [...evidence.occurrences, { ...occurrence, runId: 'run_twice' }],
    });
    expect(fires).toMatchObject({ missed: 0, doubled: 1 });
  });

  it('finds what came early, and what no schedule asked for', () => {
    const evidence = sound();
    const occurrences = evidence.occurrences.map((one) => ({ ...one, firedAt: one.scheduledFor - 1 }));
    expect(judge({ ...evidence, occurrences }).fires.early).toBe(3);
    const odd = { id: 'run_odd', jobId: 'job_a', scheduledFor: START + 500 };
    expect(judge({ ...evidence, runs: [...evidence.runs, odd] }).fires.invented).toBe(1);
  });

  it('finds a run that left no line, and one that left two', () => {
    const evidence = sound();
    const [line] = evidence.lines;
    if (!line) throw new Error('There is a first one.');
    expect(judge({ ...evidence, lines: evidence.lines.slice(1) }).lines.missed).toBe(1);
    expect(judge({ ...evidence, lines: [...evidence.lines, line] }).lines.doubled).toBe(1);
    expect(judge({ ...evidence, lines: [...evidence.lines, line] }).fires).toMatchObject(WELL);
  });

  it('judges nothing after its end', () => {
    const evidence = sound();
    const later = { id: 'run_later', jobId: 'job_a', scheduledFor: START + 3_000 };
    expect(judge({ ...evidence, runs: [...evidence.runs, later] }).fires).toMatchObject(WELL);
  });
});

describe('the due instants of a trial', () => {
  it('are those of an interval, of a second of each minute, of one instant', () => {
    expect(instantsUntil(every, until)).toEqual([START, START + 1_000, START + 2_000]);
    const second: Rhythm = { kind: 'second', from: START + 10_001, second: 10 };
    expect(instantsUntil(second, START + 130_000)).toEqual([START + 70_000, START + 130_000]);
    expect(instantsUntil({ kind: 'once', at: START }, START - 1)).toEqual([]);
    expect(instantsUntil({ kind: 'once', at: START }, START)).toEqual([START]);
  });
});
