import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createConnection, type RowDataPacket } from 'mysql2/promise';

const PROVIDER = '/usr/lib/galera/libgalera_smm.so';
const PASSWORD = 'galera-of-a-trial';
const NODES = 3;
const PATIENCE = 90_000;

const execute = promisify(execFile);

/** Why there can be no Galera cluster here; undefined when there can. */
export function noGalera(): string | undefined {
  const missing = [PROVIDER, '/usr/sbin/mariadbd', '/usr/bin/rsync'].filter((path) => !existsSync(path));
  if (missing.length === 0) return undefined;
  return `${missing.join(', ')} missing: apt-get install mariadb-server galera-4 rsync`;
}

/** Not root: the copying of a snapshot gives up root's rights, and could not write then. */
const ACCOUNT = process.getuid?.() === 0 ? 'mysql' : userInfo().username;

interface Node {
  readonly home: string;
  /** For clients, for the group, for the two ways of catching up. */
  readonly ports: readonly [number, number, number, number];
  process: ChildProcess | undefined;
}

/** Whether nobody listens on a port of this host. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** Below the range of outgoing connections: one of those may have the port of a node that is down, which needs it again. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    if (await isFree(port)) return port;
  }
}

/** Three MariaDB servers that replicate to each other; a node can be killed and started again. */
export class Galera {
  readonly #directory: string;
  readonly #nodes: readonly Node[];

  private constructor(directory: string, nodes: readonly Node[]) {
    this.#directory = directory;
    this.#nodes = nodes;
  }

  /** `directory`: an empty one, which is removed at the end. */
  static async start(directory: string): Promise<Galera> {
    const nodes: Node[] = [];
    await chmod(directory, 0o711);
    for (let index = 0; index < NODES; index += 1) {
      const home = join(directory, `node-${index + 1}`);
      await mkdir(join(home, 'data'), { recursive: true });
      // A server that starts removes every temporary table in its directory, also another server's.
      await mkdir(join(home, 'tmp'));
      const ports = [await freePort(), await freePort(), await freePort(), await freePort()] as const;
      if (ACCOUNT !== userInfo().username) await execute('chown', ['-R', `${ACCOUNT}:`, home]);
      nodes.push({ home, ports, process: undefined });
    }
    const galera = new Galera(directory, nodes);
    try {
      await galera.#found();
      for (const node of nodes.slice(1)) await galera.#launch(node);
    } catch (error) {
      await galera.end();
      throw error;
    }
    return galera;
  }

  url(index: number): string {
    const node = this.#node(index);
    return `mysql://orrery:${PASSWORD}@127.0.0.1:${node.ports[0]}/orrery`;
  }

  #node(index: number): Node {
    const node = this.#nodes[index];
    if (!node) throw new Error(`There is no node ${index + 1}.`);
    return node;
  }

  /** The first node, with the database and its user; the others copy it. */
  async #found(): Promise<void> {
    const node = this.#node(0);
    await execute('mariadb-install-db', [
      ...['--no-defaults', `--user=${ACCOUNT}`, `--datadir=${join(node.home, 'data')}`, '--skip-test-db'],
      `--tmpdir=${join(node.home, 'tmp')}`,
      ...['--auth-root-authentication-method=socket', `--auth-root-socket-user=${ACCOUNT}`, '--skip-name-resolve'],
    ]);
    const init = join(node.home, 'init.sql');
    const statements = [
      'CREATE DATABASE IF NOT EXISTS orrery CHARACTER SET utf8mb4',
      `CREATE USER IF NOT EXISTS orrery@127.0.0.1 IDENTIFIED BY '${PASSWORD}'`,
      'GRANT ALL ON *.* TO orrery@127.0.0.1',
    ];
    await writeFile(init, statements.map((statement) => `${statement};\n`).join(''));
    await this.#launch(node, ['--wsrep-new-cluster', `--init-file=${init}`]);
  }

  async #launch(node: Node, more: readonly string[] = []): Promise<void> {
    const { home, ports } = node;
    const [client, group, increments, snapshot] = ports;
    const members = this.#nodes.map((each) => `127.0.0.1:${each.ports[1]}`).join(',');
    const options = [
      `base_host=127.0.0.1;base_port=${group};gmcast.listen_addr=tcp://127.0.0.1:${group}`,
      `ist.recv_addr=127.0.0.1:${increments};gcache.size=64M`,
    ];
    const args = [
      ...['--no-defaults', `--user=${ACCOUNT}`, `--datadir=${join(home, 'data')}`, `--tmpdir=${join(home, 'tmp')}`],
      ...[`--socket=${join(home, 'socket')}`, `--pid-file=${join(home, 'pid')}`, `--log-error=${join(home, 'log')}`],
      ...['--bind-address=127.0.0.1', `--port=${client}`, '--skip-name-resolve', '--character-set-server=utf8mb4'],
      ...['--binlog-format=ROW', '--innodb-autoinc-lock-mode=2', '--innodb-flush-log-at-trx-commit=1'],
      ...['--innodb-log-file-size=16M', '--innodb-buffer-pool-size=64M', '--max-connections=200'],
      ...['--wsrep-on=ON', `--wsrep-provider=${PROVIDER}`, '--wsrep-cluster-name=orrery-chaos'],
      ...[`--wsrep-cluster-address=gcomm://${members}`, `--wsrep-node-address=127.0.0.1:${group}`],
      ...[`--wsrep-provider-options=${options.join(';')}`, '--wsrep-sst-method=rsync'],
      `--wsrep-sst-receive-address=127.0.0.1:${snapshot}`,
      ...more,
    ];
    node.process = spawn('/usr/sbin/mariadbd', args, { stdio: 'ignore', detached: true });
    await this.#synced(node);
  }

  /** Waits until the node takes part: a node that does not still answers, but must not be asked. */
  async #synced(node: Node): Promise<void> {
    const end = Date.now() + PATIENCE;
    const uri = `mysql://orrery:${PASSWORD}@127.0.0.1:${node.ports[0]}/orrery`;
    while (Date.now() < end && node.process?.exitCode === null && node.process.signalCode === null) {
      try {
        const connection = await createConnection({ uri, connectTimeout: 1_000 });
        const [[row]] = await connection.query<RowDataPacket[]>("SHOW STATUS LIKE 'wsrep_ready'");
        await connection.end();
        if (row?.Value === 'ON') return;
      } catch {
        // Not there yet.
      }
      await sleep(200);
    }
    throw new Error(`A node of the Galera cluster did not come up: see ${join(node.home, 'log.err')}`);
  }

  async kill(index: number): Promise<void> {
    const { process: server } = this.#node(index);
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGKILL');
    await ended;
  }

  /** Starts a node that was killed; resolves when it has caught up with the others. */
  restart(index: number): Promise<void> {
    return this.#launch(this.#node(index));
  }

  async end(): Promise<void> {
    for (const [index] of this.#nodes.entries()) await this.kill(index);
    await rm(this.#directory, { recursive: true, force: true });
  }
}
