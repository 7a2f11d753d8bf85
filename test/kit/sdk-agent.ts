import { type OrrerySdk, payloadOf } from '@orrery/sdk';

/** What an agent of the tests does with one run: the lines that it writes, and how each action ends. */
export interface Performance {
  readonly lines?: readonly string[];
  readonly outcome?: 'SUCCEEDED' | 'FAILED';
  /** Called after the lines were written, before the end is reported. */
  readonly beforeEnd?: () => Promise<void>;
  /** Lines that it writes after that. */
  readonly lastLines?: readonly string[];
}

/** An agent without processes over the typed client: it registers, and carries runs out as a test says. */
export class SdkAgent {
  readonly #sdk: OrrerySdk;
  readonly #sessionId: string;

  constructor(
    sdk: OrrerySdk,
    readonly key: string,
  ) {
    this.#sdk = sdk;
    this.#sessionId = `session-of-${key}`;
  }

  async register(): Promise<void> {
    const { key } = this;
    const input = {
      key,
      hostname: key,
      version: '1',
      capabilities: {},
      sessionId: this.#sessionId,
      project: 'default',
    };
    payloadOf((await this.#sdk.clientRegister({ input })).clientRegister);
  }

  /** Carries out a run of one action. */
  async perform(
    runId: string,
    { lines = [], outcome = 'SUCCEEDED', beforeEnd, lastLines = [] }: Performance = {},
  ): Promise<void> {
    const sessionId = this.#sessionId;
    const { fence, instruction } = payloadOf((await this.#sdk.runClaim({ input: { runId, sessionId } })).runClaim);
    const { task } = instruction;
    if (!task) throw new Error(`The run ${runId} has nothing to do.`);
    const held = { runId, sessionId, fence };
    const attempt = { taskId: task.id, attempt: task.attempt };
    const report = async (sequence: number, rest: object): Promise<void> => {
      payloadOf((await this.#sdk.runReport({ input: { ...held, ...attempt, sequence, ...rest } })).runReport);
    };
    await report(1, { started: true });
    const write = async (texts: readonly string[], before: number): Promise<void> => {
      const pieces = texts.map((text, index) => ({
        ...attempt,
        sequence: before + index + 1,
        stream: 'STDOUT' as const,
        text,
      }));
      if (pieces.length === 0) return;
      payloadOf((await this.#sdk.runOutputAppend({ input: { ...held, pieces } })).runOutputAppend);
    };
    await write(lines, 0);
    await beforeEnd?.();
    await write(lastLines, lines.length);
    await report(2, { ended: { outcome, exitCode: outcome === 'SUCCEEDED' ? 0 : 1 } });
  }
}
