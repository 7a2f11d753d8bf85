import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { isInstalled } from './programs.js';

const SCRIPT = fileURLToPath(new URL('../../scripts/services.sh', import.meta.url));
const execute = promisify(execFile);

/** A server that `scripts/services.sh` can start. */
export type ServiceName = 'mariadb' | 'redis' | 'rabbitmq' | 'secantus';

const VARIABLES: Record<ServiceName, string> = {
  mariadb: 'DATABASE_URL',
  redis: 'REDIS_URL',
  rabbitmq: 'AMQP_URL',
  secantus: 'MONGODB_URL',
};

/** Why no servers can be started here; undefined when they can. */
export function noOwnServices(): string | undefined {
  if (process.platform !== 'linux') return 'scripts/services.sh needs Linux';
  // What is there decides, so that a test never installs anything.
  if (process.env.ORRERY_TEST_DATABASE_URL === undefined) return 'ORRERY_TEST_DATABASE_URL not set';
  return isInstalled('mariadbd') ? undefined : 'mariadbd not installed';
}

/** Real servers that belong to one test file, so that it may kill them. */
export class OwnServices {
  readonly #directory: string;
  readonly #urls: Map<string, string>;

  private constructor(directory: string, urls: Map<string, string>) {
    this.#directory = directory;
    this.#urls = urls;
  }

  static async start(...names: ServiceName[]): Promise<OwnServices> {
    const directory = await mkdtemp(join(tmpdir(), 'orrery-own-'));
    const { stdout } = await execute(SCRIPT, ['--dir', directory, 'up', ...names]);
    const lines = stdout.trim().split('\n');
    const urls = new Map(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
    return new OwnServices(directory, urls);
  }

  url(name: ServiceName): string {
    const url = this.#urls.get(`ORRERY_TEST_${VARIABLES[name]}`);
    if (url === undefined) throw new Error(`${name} was not started.`);
    return url;
  }

  /** Ends one as by kill -9. */
  async kill(name: ServiceName): Promise<void> {
    await execute(SCRIPT, ['--dir', this.#directory, 'kill', name]);
  }

  /** Starts one that was killed, with its data and its port; resolves when it answers. */
  async restart(name: ServiceName): Promise<void> {
    await execute(SCRIPT, ['--dir', this.#directory, 'start', name]);
  }

  async end(): Promise<void> {
    await execute(SCRIPT, ['--dir', this.#directory, 'down']);
    await rm(this.#directory, { recursive: true, force: true });
  }
}
