import { afterAll, beforeAll, expect, it } from 'vitest';
import { HOUR } from '../../src/lib/time.js';
import { AgentHost, attemptsOf, shell } from '../agent/agent-kit.js';
import { startTestServer, type TestServer } from '../kit/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

it.each([
  ['ahead', HOUR],
  ['behind', -HOUR],
])(
  "an agent's clock an hour %s changes nothing: work arrives, is timed by the server, and the agent says so",
  async (way, offset) => {
    const host = await AgentHost.on(server);
    try {
      await host.start({ clock: { now: () => Date.now() + offset } });
      await host.heard(new RegExp(`warn This host's clock is \\d+ s ${way}`));
      const before = Date.now();
      const run = await host.run([
        shell('echo one; exit 1', { maxRetries: 1, maxRetriesInterval: 0 }),
        shell('echo two', { mandatory: true, timeout: 600 }),
      ]);
      const ended = await host.ended(run);
      const after = Date.now();
      expect(attemptsOf(ended)).toEqual(['0-exec#1 ERROR', '1-exec#1 READY', '0-exec#2 ERROR']);
      expect(await host.output(run)).toBe('one\none\ntwo\n');
      const instants = [
        ended.timeStart,
        ended.timeEnd,
        ...ended.tasks.nodes.flatMap((task) => [task.timeStart, task.timeEnd]),
      ];
      for (const at of instants) {
        expect(Date.parse(at ?? '')).toBeGreaterThanOrEqual(before);
        expect(Date.parse(at ?? '')).toBeLessThanOrEqual(after);
      }
    } finally {
      await host.remove();
    }
  },
);
