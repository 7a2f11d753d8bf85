/**
 * The stair of the house: a folder may import only what stands below it and is named here. `docs` of the reasons:
 * ARCHITECTURE.md, "The house". Libraries are not restricted here, but by the rules at the end.
 */
const MAY_IMPORT = {
  lib: [],
  config: ['lib'],
  entities: ['lib'],
  schedule: ['lib'],
  telemetry: ['lib'],
  amqp: ['telemetry', 'lib'],
  db: ['telemetry', 'entities', 'lib'],
  events: ['telemetry', 'db', 'entities', 'lib'],
  auth: ['telemetry', 'events', 'db', 'entities', 'lib'],
  live: ['telemetry', 'events', 'lib'],
  history: ['telemetry', 'auth', 'events', 'db', 'amqp', 'schedule', 'entities', 'lib'],
  scheduler: ['telemetry', 'auth', 'events', 'db', 'amqp', 'schedule', 'entities', 'lib'],
  cluster: ['telemetry', 'auth', 'events', 'db', 'entities', 'lib'],
  jobs: ['telemetry', 'scheduler', 'history', 'schedule', 'auth', 'events', 'db', 'entities', 'lib'],
  schema: [
    ...['telemetry', 'jobs', 'cluster', 'history', 'scheduler', 'schedule', 'live'],
    ...['auth', 'events', 'entities', 'db', 'lib'],
  ],
  http: ['telemetry', 'schema', 'live', 'history', 'auth', 'events', 'lib'],
  agent: ['lib'],
  cli: ['lib', 'main'],
};

const stair = Object.entries(MAY_IMPORT).map(([folder, allowed]) => ({
  name: `${folder}-imports-only-what-stands-below`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^(src|migrations|test|bench)/', pathNot: `^src/(${[folder, ...allowed].join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...stair,
    {
      name: 'no-circular',
      comment: 'A circle has no ground floor: nothing in it can be understood or tested alone.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'cli-reaches-main-by-its-dispatcher-only',
      comment: 'Server commands are dynamic imports of main: a client command never loads the server.',
      severity: 'error',
      from: { path: '^src/cli/' },
      to: { path: '^src/main/', dynamic: false },
    },
    {
      name: 'nobody-imports-main',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(main|cli)/' },
      to: { path: '^src/main/' },
    },
    {
      name: 'sdk-stands-alone',
      severity: 'error',
      from: { path: '^sdk/' },
      to: { path: '^(src|test|migrations)/' },
    },
    {
      name: 'migrations-import-nothing-of-src',
      comment: 'A released migration is frozen; what it imports would not be.',
      severity: 'error',
      from: { path: '^migrations/' },
      to: { path: '^src/' },
    },
    {
      name: 'pure-parts-do-no-io',
      severity: 'error',
      from: { path: '^src/(lib|schedule)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'product-does-not-use-dev-dependencies',
      severity: 'error',
      from: { path: '^(src|sdk/src|migrations)/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['npm', 'type-only'] },
    },
    {
      name: 'not-unresolvable',
      comment: 'The one exception is a package of types alone.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^@graphql-typed-document-node/core$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default', 'node'] },
  },
};
