import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StoredAction } from '../../src/entities/job.js';
import type { TaskStatus } from '../../src/entities/ledger.js';
import { actionName, planRun } from '../../src/jobs/run-plan.js';

const action: fc.Arbitrary<StoredAction> = fc.record({
  freezerAction: fc.constantFrom({ action: 'backup' }, { action: 'exec' }, {}),
  mandatory: fc.boolean(),
  maxRetries: fc.integer({ min: 0, max: 2 }),
  maxRetriesInterval: fc.integer({ min: 0, max: 5 }),
  timeout: fc.constant(null),
});

const outcome = fc.constantFrom('READY', 'ERROR', 'LOST', 'STOPPED' as const);

interface Attempt {
  id: string;
  graphTaskId: string;
  attempt: number;
  status: TaskStatus;
  reason: string | null;
  timeEnd: number | null;
}

interface Played {
  tasks: Attempt[];
  result: string;
  order: string[];
}

/** Plays a run as an agent would that always does what it is told, with outcomes taken from a list. */
function play(actions: StoredAction[], outcomes: readonly TaskStatus[]): Played {
  const run = { actions, actionDefaults: {}, abortRequestedAt: null, abortReason: null };
  const attempt = (graphTaskId: string, number: number): Attempt => {
    return {
      id: `${graphTaskId}#${number}`,
      graphTaskId,
      attempt: number,
      status: 'PENDING',
      reason: null,
      timeEnd: null,
    };
  };
  const tasks = actions.map((_action, index) => attempt(actionName(run, index), 1));
  const order: string[] = [];
  for (let turn = 0; ; turn += 1) {
    const { step, skipped } = planRun(run, tasks, turn);
    for (const { task } of skipped) task.status = 'SKIPPED';
    if (step.kind === 'END') return { tasks, result: step.result, order };
    if (step.kind === 'RETRY') {
      tasks.push(attempt(step.task.graphTaskId, step.task.attempt + 1));
      continue;
    }
    order.push(step.task.id);
    step.task.status = outcomes[turn % outcomes.length] ?? 'READY';
    step.task.timeEnd = turn;
  }
}

describe('the plan of a run', () => {
  it('runs actions in order, tries as often as allowed, skips what is not mandatory after a failure', () => {
    fc.assert(
      fc.property(
        fc.array(action, { maxLength: 5 }),
        fc.array(outcome, { minLength: 1, maxLength: 9 }),
        (actions, outcomes) => {
          const { tasks, result, order } = play(actions, outcomes);
          const indexes = order.map((id) => Number.parseInt(id, 10));
          expect(indexes).toEqual([...indexes].sort((a, b) => a - b));
          let failed = false;
          for (const [index, one] of actions.entries()) {
            const own = tasks.filter(({ graphTaskId }) => Number.parseInt(graphTaskId, 10) === index);
            const last = own.at(-1);
            expect(own.length).toBeLessThanOrEqual(one.maxRetries + 1);
            if (failed && !one.mandatory) expect(own.map(({ status }) => status)).toEqual(['SKIPPED']);
            else if (last?.status !== 'READY') expect(own).toHaveLength(one.maxRetries + 1);
            failed ||= last?.status !== 'READY';
          }
          expect(result === 'SUCCESS').toBe(!failed);
          expect(tasks.some(({ status }) => status === 'PENDING' || status === 'RUNNING')).toBe(false);
          const lastRun = tasks.find(({ id }) => id === order.at(-1));
          if (result === 'LOST') expect(lastRun?.status).toBe('LOST');
        },
      ),
    );
  });

  it('starts nothing more once an abort was asked for, and lets what is under way end first', () => {
    fc.assert(
      fc.property(
        fc.array(action, { minLength: 1, maxLength: 4 }),
        fc.constantFrom<TaskStatus>('PENDING', 'RUNNING', 'READY', 'ERROR'),
        (actions, status) => {
          const run = { actions, actionDefaults: {}, abortRequestedAt: 1, abortReason: 'why' };
          const tasks = actions.map((_action, index): Attempt => {
            const graphTaskId = actionName(run, index);
            return {
              id: graphTaskId,
              graphTaskId,
              attempt: 1,
              status: index === 0 ? status : 'PENDING',
              reason: null,
              timeEnd: 0,
            };
          });
          const { step } = planRun(run, tasks, 5);
          if (status === 'RUNNING') expect(step.kind).toBe('UNDER_WAY');
          else expect(step).toEqual({ kind: 'END', result: 'ABORTED', reason: 'why' });
        },
      ),
    );
  });
});
