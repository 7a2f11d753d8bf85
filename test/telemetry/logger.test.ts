import { expect, it, vi } from 'vitest';
import { Health } from '../../src/telemetry/health.js';
import { createLogger } from '../../src/telemetry/logger.js';
import { Metrics } from '../../src/telemetry/metrics.js';

function logged(): { lines: string[]; log: ReturnType<typeof createLogger> } {
  const lines: string[] = [];
  return { lines, log: createLogger({ level: 'info', name: 'test', to: { write: (line) => lines.push(line) } }) };
}

it('logs JSON with the level, the time, the service and the request id', () => {
  const { lines, log } = logged();
  log.info({ requestId: 'r-1' }, 'hello');
  log.debug('not this');
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 'info',
    service: 'test',
    requestId: 'r-1',
    msg: 'hello',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
  });
});

it('keeps secrets out of the log, in fields, in messages of errors and in their stacks', () => {
  const { lines, log } = logged();
  const token = `orr_${'0'.repeat(32)}_${'s'.repeat(51)}`;
  log.warn({ authorization: `Bearer ${token}`, request: { headers: { cookie: 'orrery_session=x' } }, token });
  log.error(
    { error: new Error(`cannot connect to mysql://root:geheim@db/orrery with Bearer abcdef and ${token}`) },
    'no',
  );
  const all = lines.join('\n');
  expect(all).not.toMatch(/geheim|abcdef|sssss|orrery_session=x/);
  expect(all).toContain('mysql://root:***@db/orrery');
});

it('takes work only when it is ready and no part is down', async () => {
  const health = new Health();
  expect((await health.check()).ready).toBe(false);
  health.setReady(true);
  health.probe('slow', async () => ({ state: 'DEGRADED', detail: 'slow' }));
  expect(await health.check()).toEqual({ ready: true, parts: [{ name: 'slow', state: 'DEGRADED', detail: 'slow' }] });
  health.report('amqp', 'DOWN', 'away');
  expect((await health.check()).ready).toBe(false);
  health.report('amqp', 'UP');
  expect((await health.check()).ready).toBe(true);
});

it('shows its numbers in the form of Prometheus', async () => {
  const metrics = new Metrics({ processMetrics: false });
  metrics.duration('work_seconds', 'Work.', ['kind'])(0.02, 'query');
  metrics.counter('things_total', 'Things.', ['kind'])('a');
  metrics.gauge('open', 'Open.', () => 7);
  const text = await metrics.text();
  expect(text).toContain('work_seconds_bucket{le="0.025",kind="query"} 1');
  expect(text).toContain('things_total{kind="a"} 1');
  expect(text).toContain('open 7');
});

it('tells its other numbers while a store does not answer, and asks that one again after a while only', async () => {
  vi.useFakeTimers();
  try {
    const metrics = new Metrics({ processMetrics: false });
    const answers: ((count: number) => void)[] = [];
    const ask = (): Promise<number> => new Promise((answer) => answers.push(answer));
    metrics.gauge('stored', 'Stored.', ask);
    metrics.gauges('parts', 'Parts.', 'part', async () => new Map([['a', await ask()]]));
    metrics.gauge('open', 'Open.', () => 7);
    const told = async (): Promise<string[]> => {
      const text = metrics.text();
      await vi.advanceTimersByTimeAsync(1_500);
      return (await text).split('\n').filter((line) => /^[a-z]/.test(line));
    };
    for (let look = 0; look < 2; look += 1) expect(await told()).toEqual(['stored Nan', 'open 7']);
    expect(answers).toHaveLength(2);
    // What was never answered is given up: its connection may lead into the void.
    await vi.advanceTimersByTimeAsync(30_000);
    const again = metrics.text();
    await vi.advanceTimersByTimeAsync(0);
    for (const answer of answers) answer(5);
    expect(await again).toMatch(/^stored 5\n[\s\S]*^parts\{part="a"\} 5$/m);
  } finally {
    vi.useRealTimers();
  }
});
