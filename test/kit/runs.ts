import type { Actor } from '../../src/auth/actor.js';
import type { StoredAction } from '../../src/entities/job.js';
import { runLeaseKind } from '../../src/jobs/run-expiry.js';
import { MEMBER } from './actors.js';
import type { World } from './world.js';

export type ActionInput = Partial<Omit<StoredAction, 'freezerAction'>> & { freezerAction: Record<string, unknown> };

/** An action that a test agent may carry out. */
export const backup = (rest: Partial<StoredAction> = {}): ActionInput => ({
  freezerAction: { action: 'backup', path_to_backup: '/data' },
  ...rest,
});

let jobs = 0;

/** A job of a client that runs when it is told to; returns its global id. */
export async function makeJob(
  world: World,
  clientId: string,
  actions: readonly ActionInput[] = [backup()],
  rest: Record<string, unknown> = {},
  as: Actor = MEMBER,
): Promise<string> {
  jobs += 1;
  const input = { key: `job-${jobs}`, clientId, actions, start: false, ...rest };
  const { jobCreate } = await world.gql<{ jobCreate: { job?: { id: string }; message?: string } }>(
    `mutation ($input: JobCreateInput!) {
      jobCreate(input: $input) { ... on JobCreatePayload { job { id } } ... on UserError { message } } }`,
    { input },
    as,
  );
  if (!jobCreate.job) throw new Error(jobCreate.message);
  return jobCreate.job.id;
}

/** Runs a job now; returns the global id of the run. */
export async function runNow(world: World, jobId: string, as: Actor = MEMBER): Promise<string> {
  await world.gql(
    'mutation ($input: JobRunNowInput!) { jobRunNow(input: $input) { ... on UserError { message } } }',
    { input: { id: jobId } },
    as,
  );
  const { runs } = await world.gql<{ runs: { nodes: { id: string }[] } }>(
    'query ($ids: [ID!]) { runs(filter: { jobIds: $ids }, first: 1) { nodes { id } } }',
    { ids: [jobId] },
    as,
  );
  const [run] = runs.nodes;
  if (!run) throw new Error('No run was made.');
  return run.id;
}

/** A job and a run of it, which waits for its client. */
export async function makeRun(
  world: World,
  clientId: string,
  actions: readonly ActionInput[] = [backup()],
  rest: Record<string, unknown> = {},
): Promise<{ jobId: string; runId: string }> {
  const jobId = await makeJob(world, clientId, actions, rest);
  return { jobId, runId: await runNow(world, jobId) };
}

/** What the API shows of a run. */
export interface ShownRun {
  state: string;
  status: string;
  result: string | null;
  reason: string | null;
  timeStart: string | null;
  timeEnd: string | null;
  progress: number;
  message: string | null;
  taskCounts: { status: string; count: number }[];
  tasks: {
    nodes: {
      name: string;
      attempt: number;
      status: string;
      exitCode: number | null;
      reason: string | null;
      summary: unknown;
    }[];
  };
  job: { status: string; result: string | null; event: string | null };
}

export async function showRun(world: World, id: string, as: Actor = MEMBER): Promise<ShownRun> {
  const { run } = await world.gql<{ run: ShownRun }>(
    `query ($id: ID!) { run(id: $id) { state status result reason timeStart timeEnd progress message
      taskCounts { status count } tasks { nodes { name attempt status exitCode reason summary } }
      job { status result event } } }`,
    { id },
    as,
  );
  return run;
}

/** The statuses of a run's tasks, as `name#attempt status`. */
export const tasksOf = (run: ShownRun): string[] =>
  run.tasks.nodes.map(({ name, attempt, status }) => `${name}#${attempt} ${status}`);

/** Puts the chore that ends what nobody renews on the engine's table. */
export async function planLeaseChore(world: World): Promise<void> {
  const { kind, desired } = runLeaseKind(world.deps);
  for await (const one of desired()) await world.db.transaction((tx) => world.deps.planner.plan(tx, kind, one));
}

/** Lets time pass in steps of a second, the chore looking at each. */
export async function passSeconds(world: World, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) await world.pass(1_000);
}
