import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const sdk = fileURLToPath(new URL('./sdk/src/index.ts', import.meta.url));
// Vite would take graphql's ES modules and the packages its CommonJS ones: two copies, which refuse each other's schemas.
const graphql = fileURLToPath(new URL('./node_modules/graphql/index.js', import.meta.url));
const shared = {
  resolve: {
    alias: [
      { find: '@orrery/sdk', replacement: sdk },
      { find: /^graphql$/, replacement: graphql },
    ],
  },
};
/**
 * The files of one worker share its modules: to load them anew for each file took a third of the time. So a file leaves
 * nothing behind that another could meet: no server, no variable of the environment.
 */
const limits = {
  testTimeout: 120_000,
  hookTimeout: 120_000,
  pool: 'forks' as const,
  isolate: false,
  unstubEnvs: true,
  setupFiles: ['test/kit/own-settings.ts'],
};
/** Many files wait for processes, stores and due times most of the while: more of them run at once than a small machine has cores. */
const maxWorkers = Math.min(8, Math.max(3, availableParallelism()));

/** The files that wait longest come first, so that none of them is left to run alone at the end. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) => /\/test\/(trouble|docs)\//.test(moduleId);
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

/** The test files that run on real servers: those that need them, and those that ask which kinds of stores there are. */
function onRealStores(): string[] {
  const files = readdirSync(new URL('./test', import.meta.url), { recursive: true, encoding: 'utf8' });
  const read = (file: string): string => readFileSync(new URL(`./test/${file}`, import.meta.url), 'utf8');
  return files
    .filter((file) => file.endsWith('.test.ts'))
    .filter((file) => file.endsWith('.services.test.ts') || read(file).includes('storeKinds()'))
    .map((file) => `test/${file}`);
}

/**
 * `unit`: everything that runs with nothing installed. `services`: what needs real stores, and the same noun tests
 * again on MariaDB, SecantusDB, Redis and RabbitMQ, whose URLs `scripts/services.sh env` gives; what no store can
 * change has had its turn in `unit`.
 */
export default defineConfig({
  test: {
    globalSetup: ['test/kit/build.ts'],
    maxWorkers,
    sequence: { sequencer: LongFirst },
    projects: [
      {
        ...shared,
        test: { ...limits, name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/**/*.services.test.ts'] },
      },
      { ...shared, test: { ...limits, name: 'services', include: onRealStores() } },
    ],
  },
});
