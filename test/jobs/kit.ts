import type { Actor } from '../../src/auth/actor.js';
import type { JobRow } from '../../src/entities/job.js';
import { lockJob } from '../../src/jobs/job-store.js';
import { ADMIN } from '../kit/actors.js';
import { granted, TestAgent, type Told } from '../kit/agent.js';
import type { World } from '../kit/world.js';

/** What a mutation of a job answers, with whatever the answer has of it. */
export interface Answer {
  __typename: string;
  outcome?: string;
  warnings?: string[];
  message?: string;
  code?: string;
  path?: string[];
  id?: string;
  issues?: { path: string[]; message: string }[];
  job?: Record<string, unknown> & { id: string; key: string };
  run?: { id: string; state: string } | null;
}

const ERRORS = '... on UserError { message code path } ... on InvalidInputError { issues { path message } }';
const JOB = 'job { id key project status event result statusReason nextRunAt revision document timeCreated }';

/** Gives a job a command over the API: `command(world, 'jobStop', { id })`. */
export async function command(
  world: World,
  field: string,
  input: Record<string, unknown>,
  as: Actor = ADMIN,
): Promise<Answer> {
  const type = `${field.charAt(0).toUpperCase()}${field.slice(1)}`;
  const made = field === 'jobCreate' || field === 'jobImport';
  const changed = field === 'jobUpdate' || field === 'jobRevert';
  const more = made ? 'warnings' : changed ? 'outcome warnings' : 'outcome';
  const run = field === 'jobRunNow' ? 'run { id state } warnings' : '';
  const document = `mutation ($input: ${type}Input!) {
    answer: ${field}(input: $input) { __typename ... on ${type}Payload { ${more} ${run} ${JOB} } ${ERRORS} } }`;
  const { answer } = await world.gql<{ answer: Answer }>(document, { input }, as);
  return answer;
}

/** The job of an answer. Throws when it is an error. */
export function jobOf(answer: Answer): NonNullable<Answer['job']> {
  if (!answer.job) throw new Error(`${answer.__typename}: ${answer.message}`);
  return answer.job;
}

/** A job with one backup, hourly and SCHEDULED unless told otherwise; returns its id. */
export async function makeJob(world: World, input: Record<string, unknown> = {}, as: Actor = ADMIN): Promise<string> {
  const given = {
    clientId: 'client-1',
    actions: [{ freezerAction: { action: 'backup', mode: 'fs' } }],
    schedule: { interval: { every: '1 hour' } },
    ...input,
  };
  return jobOf(await command(world, 'jobCreate', given, as)).id;
}

/** The job as it is stored. */
export function stored(world: World, id: string): Promise<JobRow> {
  return world.db.transaction((tx) => lockJob(tx, id));
}

/** The open runs of a job, oldest first. */
export function openRunsOf(world: World, jobId: string): Promise<{ id: string; state: string }[]> {
  return world.db.reader.rows("SELECT id, state FROM job_runs WHERE job_id = ? AND state <> 'ENDED' ORDER BY id", [
    jobId,
  ]);
}

/** A run that an agent has taken, and the agent. */
export interface Taken {
  agent: TestAgent;
  told: Told;
}

/** Lets a new agent of the job's client take its oldest waiting run and start its first action. */
export async function take(world: World, jobId: string): Promise<Taken> {
  const { clientKey, project } = await stored(world, jobId);
  const agent = new TestAgent(world, clientKey, project);
  await agent.register();
  const waiting = (await openRunsOf(world, jobId)).find((run) => run.state === 'WAITING');
  if (!waiting) throw new Error('No run waits.');
  return { agent, told: await agent.started(granted(await agent.claim(waiting.id))) };
}

/** What came of the due times of a job, oldest first. */
export function occurrencesOf(world: World, jobId: string): Promise<{ outcome: string; reason: string | null }[]> {
  return world.db.reader.rows('SELECT outcome, reason FROM occurrences WHERE subject = ? ORDER BY scheduled_for', [
    jobId,
  ]);
}
