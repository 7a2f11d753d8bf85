import { writeFile } from 'node:fs/promises';
import { type Connection, createConnection } from 'mysql2/promise';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { TestServer } from '../kit/server.js';
import { describeWithStores } from '../kit/stores.js';
import { AgentHost, shell, startAgentServer } from './agent-kit.js';

const TOO_LONG = /does not answer \(The operation took too long\.\)/;

describeWithStores('an agent whose server answers that it took too long', ['mysql'], () => {
  let server: TestServer;
  let host: AgentHost;
  let blocker: Connection;

  beforeEach(async () => {
    server = await startAgentServer({ store: 'mysql', flags: { operationTimeout: '1s' } });
    host = await AgentHost.on(server);
    blocker = await createConnection(server.databaseUrl);
  });
  afterEach(async () => {
    await blocker.end();
    await host.remove();
    await server.stop();
  });

  it('asks again: neither it nor its run ends', async () => {
    await blocker.query('LOCK TABLES clients WRITE');
    const started = host.start();
    await host.heard(TOO_LONG);
    await blocker.query('UNLOCK TABLES');
    await started;
    const go = host.path('go');
    const run = await host.run([shell(`echo in; while [ ! -e ${go} ]; do sleep 0.02; done`)]);
    await host.printed(run, 'in');
    host.said.length = 0;
    await blocker.query('LOCK TABLES job_runs WRITE');
    await writeFile(go, '');
    await host.heard(TOO_LONG);
    await blocker.query('UNLOCK TABLES');
    expect(await host.ended(run)).toMatchObject({ result: 'SUCCESS' });
  });
});
