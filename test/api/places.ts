import { MIGRATIONS } from '../../migrations/all.js';
import { openDatabase } from '../../src/db/database.js';
import { insertRows } from '../../src/db/write.js';
import { ServiceEntity } from '../../src/entities/service.js';
import { ShardEntity } from '../../src/entities/shard.js';
import { systemIds } from '../../src/lib/ids.js';
import { shardId, tagKey } from '../../src/scheduler/tag.js';
import { ADMIN_TOKEN, type TestServer } from '../kit/server.js';

/** An answer of GraphQL over HTTP. */
export interface Answer {
  status: number;
  body: {
    data?: Record<string, unknown> | null;
    errors?: readonly { message: string; extensions?: Record<string, unknown> }[] | undefined;
  };
}

/** What no answer may tell: stacks, SQL, files of the server. */
export const LEAK = /\bat .+\.[cm]?[jt]s:\d+|\bSQLITE_|\bER_[A-Z_]{4,}|node_modules|\.sqlite\b|QueryFailed/;

export type Variables = Record<string, unknown>;

/** A project with a client in it: what tests of rights call with. */
export interface Place {
  readonly project: string;
  readonly clientKey: string;
  readonly sessionId: string;
  /** In each text that is stored for this place, so that a leak shows. */
  readonly mark: string;
}

let made = 0;
/** A number that no other object of this process has. */
const serial = (): number => {
  made += 1;
  return made;
};

/** A server's API as a test calls it, by token. */
export class Caller {
  readonly #server: TestServer;
  readonly #token: string | null;

  constructor(server: TestServer, token: string | null = ADMIN_TOKEN) {
    this.#server = server;
    this.#token = token;
  }

  async call(query: string, variables: Variables = {}): Promise<Answer> {
    const headers = { authorization: this.#token === null ? '' : `Bearer ${this.#token}` };
    const { status, body } = await this.#server.post({ query, variables }, headers);
    return { status, body: body as Answer['body'] };
  }

  /** The data of an answer. Throws when there is none, or it has errors, or its one field is a named error. */
  async data<T>(query: string, variables: Variables = {}): Promise<T> {
    const { body } = await this.call(query, variables);
    if (!body.data || body.errors) throw new Error(JSON.stringify(body));
    if (/"__typename":"\w+Error"/.test(JSON.stringify(body.data))) throw new Error(JSON.stringify(body.data));
    return body.data as T;
  }
}

const ERROR = '__typename ... on UserError { code message path }';

/** Makes the objects of a place, as an admin. */
export class Maker {
  readonly #server: TestServer;
  readonly #admin: Caller;
  readonly place: Place;

  constructor(server: TestServer, place: Place) {
    this.#server = server;
    this.#admin = new Caller(server);
    this.place = place;
  }

  async token(role: string, given: Variables = {}): Promise<{ id: string; secret: string }> {
    const input = { name: `${this.place.mark} ${serial()}`, role, ...given };
    const { made } = await this.#admin.data<{ made: { apiToken: { id: string }; secret: string } }>(
      `mutation ($input: ApiTokenCreateInput!) { made: apiTokenCreate(input: $input) { ${ERROR}
        ... on ApiTokenCreatePayload { apiToken { id } secret } } }`,
      { input },
    );
    return { id: made.apiToken.id, secret: made.secret };
  }

  async client(key = `host-${serial()}`): Promise<string> {
    const { project, mark: hostname, sessionId } = this.place;
    const input = { key, project, hostname, version: '1', capabilities: {}, sessionId };
    const { made } = await this.#admin.data<{ made: { client: { id: string } } }>(
      `mutation ($input: ClientRegisterInput!) { made: clientRegister(input: $input) { ${ERROR}
        ... on ClientRegisterPayload { client { id } } } }`,
      { input },
    );
    return made.client.id;
  }

  clusterInput(): { externalId: string; name: string } {
    return { externalId: `cluster ${serial()}`, name: this.place.mark };
  }

  async cluster(): Promise<{ id: string; externalId: string }> {
    const { made } = await this.#admin.data<{ made: { cluster: { id: string; externalId: string } } }>(
      `mutation ($input: ClusterCreateInput!) { made: clusterCreate(input: $input) { ${ERROR}
        ... on ClusterCreatePayload { cluster { id externalId } } } }`,
      { input: this.clusterInput() },
    );
    return made.cluster;
  }

  deploymentInput(): Variables {
    const { mark: cluster } = this.place;
    const tasks = [{ name: 'install', nodes: ['1', '2'] }, { name: 'done' }];
    return { cluster, externalId: `deployment-${serial()}`, graph: { tasks } };
  }

  /** A deployment that was announced. */
  async deployment(): Promise<string> {
    const { made } = await this.#admin.data<{ made: { transaction: { id: string } } }>(
      `mutation ($input: TransactionStartInput!) { made: transactionStart(input: $input) { ${ERROR}
        ... on TransactionStartPayload { transaction { id } } } }`,
      { input: this.deploymentInput() },
    );
    return made.transaction.id;
  }

  /** A deployment that ended while a task of it ran. */
  async failedDeployment(): Promise<string> {
    const transactionId = await this.deployment();
    const events = [{ taskName: 'install', nodeId: '1', status: 'error' }];
    await this.#admin.data(
      `mutation ($report: TransactionReportInput!, $end: TransactionEndInput!) {
        transactionReport(input: $report) { ${ERROR} } transactionEnd(input: $end) { ${ERROR} } }`,
      { report: { transactionId, reportId: 'failure', events }, end: { transactionId, status: 'ERROR' } },
    );
    return transactionId;
  }

  /** A deployment that an admin deleted: the global id it had. */
  async deletedDeployment(): Promise<string> {
    const id = await this.failedDeployment();
    await this.#admin.data(
      `mutation ($input: TransactionDeleteInput!) { made: transactionDelete(input: $input) { ${ERROR} } }`,
      { input: { id, reason: this.place.mark } },
    );
    return id;
  }

  jobInput(): Variables {
    const { project, clientKey: clientId, mark: description } = this.place;
    const actions = [{ freezerAction: { action: 'backup', path_to_backup: '/data' } }];
    return { key: `job-${serial()}`, project, clientId, description, actions, start: false, overlap: 'ALLOW_ALL' };
  }

  async job(rest: Variables = {}): Promise<{ id: string; key: string }> {
    const { made } = await this.#admin.data<{ made: { job: { id: string; key: string } } }>(
      `mutation ($input: JobCreateInput!) { made: jobCreate(input: $input) { ${ERROR}
        ... on JobCreatePayload { job { id key } } } }`,
      { input: { ...this.jobInput(), ...rest } },
    );
    return made.job;
  }

  /** A job that is on the schedule. */
  plannedJob(): Promise<{ id: string; key: string }> {
    return this.job({ schedule: { interval: { every: '1 day' } }, start: true });
  }

  /** A service that has stopped, and left a shard that no other service fits. */
  async service(): Promise<{ id: string; host: string }> {
    const [id, host] = [systemIds.next('service'), `gone-${serial()}`];
    const [tag, at] = [{ host }, Date.now()];
    const db = await openDatabase({ url: this.#server.databaseUrl }, MIGRATIONS);
    await db.transaction(async (tx) => {
      const service = { id, host, name: 'engine', version: '1', labels: { host, name: 'engine' }, incarnation: 1 };
      await insertRows(tx, ServiceEntity, [{ ...service, state: 'STOPPED', startedAt: at, lastSeenAt: at }]);
      const owner = { ownerId: id, ownerIncarnation: 1, connectionId: null, leaseUntil: at - 1 };
      const shard = { id: shardId(tag, 0), tagKey: tagKey(tag), tag, slice: 0, fence: 1, batches: 0 };
      await insertRows(tx, ShardEntity, [{ ...shard, ...owner }]);
    });
    await db.close();
    return { id, host };
  }

  /** A service that was removed: the global id it had. */
  async removedService(): Promise<string> {
    const { id } = await this.service();
    await this.#admin.data(
      `mutation ($input: ServiceRemoveInput!) { made: serviceRemove(input: $input) { ${ERROR} } }`,
      { input: { id, reason: this.place.mark } },
    );
    return id;
  }

  /** The service of the server itself. */
  async ownService(): Promise<string> {
    const { services } = await this.#admin.data<{ services: { nodes: { id: string }[] } }>(
      '{ services(filter: { states: [ACTIVE] }) { nodes { id } } }',
    );
    return services.nodes[0]?.id ?? '';
  }

  /** A job that was changed once. */
  async changedJob(): Promise<{ id: string; revisionId: string }> {
    const { id } = await this.job();
    const { made } = await this.#admin.data<{ made: { job: { revisions: { nodes: { id: string }[] } } } }>(
      `mutation ($input: JobUpdateInput!) { made: jobUpdate(input: $input) { ${ERROR}
        ... on JobUpdatePayload { job { revisions(first: 1) { nodes { id } } } } } }`,
      { input: { id, description: `${this.place.mark} again`, reason: this.place.mark } },
    );
    return { id, revisionId: made.job.revisions.nodes[0]?.id ?? '' };
  }

  /** A run that waits for its client. */
  async run(): Promise<{ id: string; jobId: string }> {
    const job = await this.job();
    const { made } = await this.#admin.data<{ made: { run: { id: string } } }>(
      `mutation ($input: JobRunNowInput!) { made: jobRunNow(input: $input) { ${ERROR}
        ... on JobRunNowPayload { run { id } } } }`,
      { input: { id: job.id, reason: this.place.mark } },
    );
    return { id: made.run.id, jobId: job.id };
  }

  /** A run that the client's agent holds. */
  async heldRun(): Promise<{ hold: Variables; attempt: Variables; runId: string }> {
    const { id: runId } = await this.run();
    const { sessionId } = this.place;
    const { made } = await this.#admin.data<{ made: { fence: number; instruction: { task: { id: string } } } }>(
      `mutation ($input: RunClaimInput!) { made: runClaim(input: $input) { ${ERROR}
        ... on RunClaimPayload { fence instruction { task { id } } } } }`,
      { input: { runId, sessionId } },
    );
    const hold = { runId, sessionId, fence: made.fence };
    return { runId, hold, attempt: { taskId: made.instruction.task.id, attempt: 1, sequence: 1 } };
  }

  /** A run with a piece of output. */
  async runWithOutput(): Promise<string> {
    const { hold, attempt, runId } = await this.heldRun();
    await this.#admin.data(
      `mutation ($input: RunOutputAppendInput!) { made: runOutputAppend(input: $input) { ${ERROR} } }`,
      { input: { ...hold, pieces: [{ ...attempt, stream: 'STDOUT', text: `${this.place.mark}\n` }] } },
    );
    return runId;
  }
}

/** The cursor of this moment: a subscription after it begins with everything that is told from now on. */
export async function liveCursor(server: TestServer): Promise<string> {
  const { serverInfo } = await new Caller(server).data<{ serverInfo: { liveCursor: string } }>(
    '{ serverInfo { liveCursor } }',
  );
  return serverInfo.liveCursor;
}
