import type { Actor } from '../../src/auth/actor.js';
import { actor } from './actors.js';
import type { World } from './world.js';

/** What an agent is told. */
export interface Told {
  __typename: string;
  fence: number;
  repeated?: boolean;
  run: { id: string; state: string; status: string; result: string | null; reason: string | null };
  instruction: {
    kind: string;
    delay: number;
    timeout: number | null;
    action: Record<string, unknown> | null;
    task: { id: string; name: string; attempt: number; status: string } | null;
  };
}

/** A refusal, as data of the answer. */
export interface Refused {
  __typename: string;
  code: string;
  message: string;
}

const HELD = `__typename ... on HeldRun { fence run { id state status result reason }
  instruction { kind delay timeout action task { id name attempt status } } }
  ... on UserError { code message }`;

const CLAIM = `mutation ($input: RunClaimInput!) { answer: runClaim(input: $input) { ${HELD} } }`;
const RENEW = `mutation ($input: RunRenewInput!) { answer: runRenew(input: $input) { ${HELD} } }`;
const REPORT = `mutation ($input: RunReportInput!) {
  answer: runReport(input: $input) { ... on RunReportPayload { repeated } ${HELD} } }`;
const APPEND = `mutation ($input: RunOutputAppendInput!) {
  answer: runOutputAppend(input: $input) { __typename ... on RunOutputAppendPayload { position repeated }
  ... on UserError { code message } } }`;
const RELEASE = `mutation ($input: RunReleaseInput!) {
  answer: runRelease(input: $input) { __typename ... on RunReleasePayload { run { id state status result reason } }
  ... on UserError { code message } } }`;
const REGISTER = `mutation ($input: ClientRegisterInput!) {
  answer: clientRegister(input: $input) { __typename ... on ClientRegisterPayload { client { id key state } held { id } }
  ... on UserError { code message } } }`;

type Ended = { outcome: string; exitCode?: number; message?: string; summary?: unknown };
export type Piece = { sequence: number; text: string; stream?: string; attempt?: number; taskId?: string };

let sessions = 0;

/** The answer, which must not be a refusal. */
export function granted<T extends { __typename: string }>(answer: T | Refused): T {
  if ('code' in answer) throw new Error(`${answer.code}: ${answer.message}`);
  return answer;
}

/** An agent without processes: it speaks the public API by its own token, and does what a test says. */
export class TestAgent {
  readonly as: Actor;
  readonly sessionId: string;
  readonly #world: World;
  #sequence = 0;

  constructor(world: World, clientKey: string, project = 'default') {
    this.#world = world;
    this.as = actor('AGENT', project, clientKey);
    sessions += 1;
    this.sessionId = `session-${sessions}`;
  }

  async #ask<T>(document: string, input: Record<string, unknown>): Promise<T> {
    const { answer } = await this.#world.gql<{ answer: T }>(document, { input }, this.as);
    return answer;
  }

  /** Registers, and says what it can do. */
  register(capabilities: Record<string, unknown> = {}): Promise<{
    __typename: string;
    client: { id: string; key: string; state: string };
    held: { id: string }[];
  }> {
    const { clientKey: key } = this.as;
    return this.#ask(REGISTER, { key, hostname: 'host', version: '1', capabilities, sessionId: this.sessionId });
  }

  claim(runId: string): Promise<Told | Refused> {
    return this.#ask(CLAIM, { runId, sessionId: this.sessionId });
  }

  renew(told: Told): Promise<Told | Refused> {
    return this.#ask(RENEW, this.#hold(told));
  }

  release(told: Told, reason?: string): Promise<Told | Refused> {
    return this.#ask(RELEASE, { ...this.#hold(told), reason });
  }

  report(told: Told, rest: Record<string, unknown>): Promise<Told | Refused> {
    const { task } = told.instruction;
    this.#sequence += 1;
    const attempt = { taskId: task?.id, attempt: task?.attempt, sequence: this.#sequence };
    return this.#ask(REPORT, { ...this.#hold(told), ...attempt, ...rest });
  }

  async started(told: Told): Promise<Told> {
    return granted(await this.report(told, { started: true }));
  }

  async ended(told: Told, ended: Ended): Promise<Told> {
    return granted(await this.report(told, { ended }));
  }

  /** Starts the attempt at hand and ends it. */
  async carryOut(told: Told, outcome = 'SUCCEEDED', exitCode = outcome === 'SUCCEEDED' ? 0 : 1): Promise<Told> {
    return this.ended(await this.started(told), { outcome, exitCode });
  }

  append(
    told: Told,
    pieces: readonly Piece[],
  ): Promise<{ position: number; repeated: number; __typename: string } | Refused> {
    const { task } = told.instruction;
    const whole = pieces.map((piece) => ({ taskId: task?.id, attempt: task?.attempt, stream: 'STDOUT', ...piece }));
    return this.#ask(APPEND, { ...this.#hold(told), pieces: whole });
  }

  #hold(told: Told): Record<string, unknown> {
    return { runId: told.run.id, sessionId: this.sessionId, fence: told.fence };
  }
}
