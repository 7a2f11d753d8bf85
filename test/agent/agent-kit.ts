import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createSdk,
  type JobActionInput,
  type JobCreateInput,
  type OrrerySdk,
  payloadOf,
  type RunQuery,
} from '@orrery/sdk';
import { type Agent, type AgentOptions, createAgent } from '../../src/agent/agent.js';
import { openAgentDirectory } from '../../src/agent/agent-directory.js';
import { type Catalog, probe } from '../../src/agent/executors/catalog.js';
import { systemTree, type TreeTools } from '../../src/agent/process-tree.js';
import { systemTimers } from '../../src/agent/timers.js';
import { fixedToken } from '../../src/agent/token-source.js';
import { startTestServer, type TestServer, type TestServerOptions } from '../kit/server.js';

/** The host, but what a stubborn process is given is a hundred times shorter. */
const hastyTree: TreeTools = {
  ...systemTree,
  timers: { after: (ms, callback) => systemTimers.after(ms > 1000 ? ms / 100 : ms, callback) },
};

export type ShownRun = NonNullable<RunQuery['run']>;

let clients = 0;
let probed: Promise<Catalog> | undefined;

/** GNU tar and commands, whatever else this host has. */
async function lookUp(): Promise<Catalog> {
  const catalog = await probe({ env: { PATH: process.env.PATH }, allowExec: true });
  return { ...catalog, available: catalog.available.filter(({ name }) => name !== 'freezer') };
}

/** The same, looked up once. */
function hostCatalog(): Promise<Catalog> {
  probed ??= lookUp();
  return probed;
}

/** What is needed of a server. */
type AgentServer = Pick<TestServer, 'endpoint' | 'client'>;

/** A client of a test server, its agents, its jobs, and what people see of them. */
export class AgentHost {
  readonly server: AgentServer;
  readonly sdk: OrrerySdk;
  readonly clientId: string;
  readonly root: string;
  readonly token: string;
  /** What the agents said. */
  readonly said: string[] = [];
  readonly #agents: Agent[] = [];
  #listeners: (() => void)[] = [];

  private constructor(server: AgentServer, clientId: string, root: string, token: string) {
    this.server = server;
    this.sdk = createSdk(server.client());
    this.clientId = clientId;
    this.root = root;
    this.token = token;
  }

  static async on(server: AgentServer): Promise<AgentHost> {
    clients += 1;
    const clientId = `host-${clients}`;
    const root = await mkdtemp(join(tmpdir(), 'orrery-agent-'));
    const grant = { name: clientId, role: 'AGENT' as const, project: 'default', clientKey: clientId };
    const sdk = createSdk(server.client());
    const made = payloadOf((await sdk.apiTokenCreate({ input: grant })).apiTokenCreate);
    return new AgentHost(server, clientId, root, made.secret);
  }

  path(...names: string[]): string {
    return join(this.root, ...names);
  }

  /** Starts an agent of this client in a directory of the host; resolves when it waits for work. */
  async start(more: Partial<AgentOptions> = {}, directory = 'agent'): Promise<Agent> {
    const hostname = more.hostname ?? 'testhost';
    const agent = createAgent({
      url: this.server.endpoint,
      tokens: fixedToken(this.token),
      clientId: this.clientId,
      hostname,
      version: '0.0.0-test',
      directory: await openAgentDirectory(this.path(directory), this.clientId, hostname),
      catalog: await hostCatalog(),
      env: { PATH: process.env.PATH },
      tree: hastyTree,
      log: (level, message) => this.#hear(`${level} ${message}`),
      ...more,
    });
    this.#agents.push(agent);
    await agent.ready;
    return agent;
  }

  #hear(line: string): void {
    this.said.push(line);
    const waiting = this.#listeners;
    this.#listeners = [];
    for (const listener of waiting) listener();
  }

  /** Resolves when an agent has said something of that kind. */
  async heard(pattern: RegExp): Promise<string> {
    for (;;) {
      const line = this.said.find((one) => pattern.test(one));
      if (line !== undefined) return line;
      await new Promise<void>((resolve) => this.#listeners.push(resolve));
    }
  }

  /** Makes a job of these actions for this client. */
  async job(actions: JobActionInput[], more: Partial<JobCreateInput> = {}): Promise<string> {
    const input = { clientId: this.clientId, project: 'default', actions, start: false, ...more };
    return payloadOf((await this.sdk.jobCreate({ input })).jobCreate).job.id;
  }

  /** Runs a job now; returns the id of the run. */
  async runNow(jobId: string): Promise<string> {
    const { run } = payloadOf((await this.sdk.jobRunNow({ input: { id: jobId } })).jobRunNow);
    if (!run) throw new Error('No run was made.');
    return run.id;
  }

  /** Makes a job and runs it. */
  async run(actions: JobActionInput[], more: Partial<JobCreateInput> = {}): Promise<string> {
    return this.runNow(await this.job(actions, more));
  }

  /** Asks for the end of a job's runs; returns the outcome. */
  async abort(jobId: string, reason: string): Promise<string> {
    return payloadOf((await this.sdk.jobAbort({ input: { id: jobId, reason } })).jobAbort).outcome;
  }

  async show(runId: string): Promise<ShownRun> {
    const { run } = await this.sdk.run({ id: runId });
    if (!run) throw new Error(`There is no run ${runId}.`);
    return run;
  }

  /** The run when it has ended. */
  async ended(runId: string): Promise<ShownRun> {
    // The output of a run is followed until its end, whenever that was.
    await this.output(runId);
    return this.show(runId);
  }

  /** Follows the output of a run until a line shows. */
  async printed(runId: string, line: string): Promise<void> {
    const end = new AbortController();
    let text = '';
    try {
      for await (const { runOutputAppended } of this.sdk.runOutputAppended({ runId }, end.signal)) {
        text += runOutputAppended.output.text;
        if (text.split('\n').includes(line)) return;
      }
    } finally {
      end.abort();
    }
    throw new Error(`The run ended without the line "${line}":\n${text}`);
  }

  /** All that a run wrote. */
  async output(runId: string): Promise<string> {
    let text = '';
    for await (const { runOutputAppended } of this.sdk.runOutputAppended({ runId }))
      text += runOutputAppended.output.text;
    return text;
  }

  async remove(): Promise<void> {
    await Promise.allSettled(this.#agents.map((agent) => agent.stop('The test is over.', 0)));
    await rm(this.root, { recursive: true, force: true });
  }
}

/** A command of the shell as an action. */
export const shell = (command: string, more: Partial<JobActionInput> = {}): JobActionInput => ({
  freezerAction: { action: 'exec', command },
  ...more,
});

/** The attempts of a run, as `name#attempt STATUS`. */
export const attemptsOf = (run: ShownRun): string[] =>
  run.tasks.nodes.map(({ name, attempt, status }) => `${name}#${attempt} ${status}`);

/** A server for agents; the lease is short where a test waits for its end. */
export function startAgentServer(options: TestServerOptions = {}): Promise<TestServer> {
  return startTestServer(options);
}
