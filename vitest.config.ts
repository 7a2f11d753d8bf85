import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

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
const limits = { testTimeout: 120_000, hookTimeout: 120_000, pool: 'forks' as const };

/**
 * `unit`: everything that runs with nothing installed. `services`: what needs real stores, and the same noun tests
 * again on MariaDB, SecantusDB, Redis and RabbitMQ, whose URLs `scripts/services.sh env` gives.
 */
export default defineConfig({
  test: {
    globalSetup: ['test/kit/build.ts'],
    projects: [
      {
        ...shared,
        test: { ...limits, name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/**/*.services.test.ts'] },
      },
      { ...shared, test: { ...limits, name: 'services', include: ['test/**/*.test.ts'] } },
    ],
  },
});
