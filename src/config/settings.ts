import { DAY, HOUR, MINUTE, SECOND } from '../lib/time.js';
import {
  duration,
  durationOrNone,
  flag,
  type Kind,
  labels,
  networks,
  oneOf,
  origins,
  path,
  secretText,
  text,
  url,
  whole,
} from './kinds.js';

/** One setting: how it is called, what it can be, what it is when nobody says. */
export interface Setting<T> {
  kind: Kind<T>;
  /** The value when nobody says; null = off, or worked out (`defaultIs` says how). */
  fallback: T | null;
  /** For the documentation, where the default is worked out. */
  defaultIs?: string;
  description: string;
  /** The flag that gives one item of it, and may be given again and again; else the flag is the setting's name. */
  itemFlag?: string;
  /** Never shown; and can be given as a file, by the variable with `_FILE` at its end. */
  secret?: true;
}

/** A setting that always has a value. */
interface Certain<T> extends Setting<T> {
  fallback: T;
}

const must = <T>(kind: Kind<T>, fallback: T, description: string): Certain<T> => ({ kind, fallback, description });
const may = <T>(kind: Kind<T>, description: string, more: Partial<Setting<T>> = {}): Setting<T> => ({
  kind,
  fallback: null,
  description,
  ...more,
});

/** The settings under their headings. `databaseUrl` is `ORRERY_DATABASE_URL`, `--database-url` and `database_url`. */
export const SETTINGS = {
  server: {
    title: 'Server',
    settings: {
      host: must(text, '127.0.0.1', 'The address to listen on. Anything but loopback needs configured rights.'),
      port: must(whole(0, 65_535), 4000, 'The port to listen on; 0 takes a free one.'),
      dataDir: must(path, './data', 'The data directory: the embedded database, the first admin token.'),
      role: must(
        oneOf('all', 'api', 'engine'),
        'all',
        'What this process does: answer clients, fire due work, or both.',
      ),
      name: may(text, 'The name of this service, so that several can run on one host.', {
        defaultIs: 'host name and port; with port 0 a random part instead',
      }),
      labels: {
        ...must(
          labels,
          {},
          'What this service can be chosen by, beside its host and name: background jobs with a tag such as zone=eu run on services that carry it.',
        ),
        itemFlag: '--label',
      },
      publicUrl: may(url('http', 'https'), 'The URL that people reach this server by, when a proxy stands before it.', {
        defaultIs: 'host and port',
      }),
      trustedProxies: must(networks, [], 'Proxies whose X-Forwarded-For header is believed.'),
      localAgent: may(flag, 'Whether the server also runs an agent for its own host.', {
        defaultIs: '`true` with the embedded database on loopback, else `false`',
      }),
      shutdownTimeout: must(duration(0, 10 * MINUTE), 10 * SECOND, 'How long a stop waits for what is under way.'),
    },
  },
  stores: {
    title: 'Stores',
    settings: {
      databaseUrl: may(url('sqlite', 'mysql', 'mariadb'), 'The database: MySQL 8, MariaDB 10.6 or newer, or SQLite.', {
        defaultIs: '`orrery.sqlite` in the data directory',
        secret: true,
      }),
      databasePool: must(
        whole(1, 500),
        10,
        'The most connections to the database that one process holds for its clients; four more are for its own work.',
      ),
      mongodbUrl: may(url('mongodb', 'mongodb+srv'), 'MongoDB for Agenda; without it Agenda lives in the database.', {
        secret: true,
      }),
      redisUrl: may(url('redis', 'rediss'), 'Redis as doorbell between processes; without it they poll each second.', {
        secret: true,
      }),
      amqpUrl: may(
        url('amqp', 'amqps'),
        'RabbitMQ, where engines take reports of deployments from; without it reports come by the API.',
        { secret: true },
      ),
    },
  },
  rights: {
    title: 'Rights',
    settings: {
      adminToken: may(
        secretText(32),
        'A token with every right, made by you. Needed to listen beyond loopback without JWTs.',
        {
          defaultIs: 'none; on loopback the file `admin-token` in the data directory is made',
          secret: true,
        },
      ),
      jwksUrl: may(url('http', 'https'), 'Where the identity provider publishes its keys: turns JWTs on.'),
      jwtIssuer: may(text, 'The issuer that a JWT must name. Needed with a JWKS URL.'),
      jwtAudience: may(text, 'The audience that a JWT must name. Needed with a JWKS URL.'),
      jwtRolesClaim: must(text, 'roles', 'The claim with the roles; dots go into objects (`realm_access.roles`).'),
      jwtRolePrefix: may(text, 'What stands before a role in the claim, such as `orrery:`.'),
      jwtProjectClaim: must(text, 'project', 'The claim with the project.'),
      jwtClientClaim: must(text, 'client', "The claim with the key of an agent's client."),
      jwtNameClaim: must(text, 'name', 'The claim with the name that people see.'),
      graphiql: may(flag, 'Whether GraphiQL is served at /graphql.', {
        defaultIs: '`true` on loopback unless NODE_ENV is `production`, else `false`',
      }),
      introspection: must(flag, true, 'Whether a caller with a token may read the schema.'),
      metricsPublic: may(flag, 'Whether /metrics answers without a token.', {
        defaultIs: '`true` on loopback, else `false`',
      }),
      corsOrigins: must(origins, [], 'Origins of web pages that may call the API.'),
      websocketOrigins: must(
        origins,
        [],
        'Origins of web pages that may open a WebSocket, besides this server itself.',
      ),
    },
  },
  limits: {
    title: 'Limits',
    settings: {
      maxBodyBytes: must(
        whole(1_024, 64 * 1_048_576),
        4 * 1_048_576,
        'The largest request, and message over WebSocket, in bytes after decompression. A summary has up to 1 MiB, and up to three times that where its JSON is written in ASCII.',
      ),
      maxDepth: must(whole(3, 100), 20, 'The deepest nesting of fields in an operation.'),
      maxAliases: must(whole(0, 10_000), 50, 'The most aliases in an operation.'),
      maxDirectives: must(whole(0, 10_000), 50, 'The most directives in an operation.'),
      maxTokens: must(whole(100, 100_000), 2_000, 'The most tokens in a document.'),
      maxComplexity: must(
        whole(100, 10_000_000),
        50_000,
        'The most that one operation may cost; a page costs its size.',
      ),
      operationTimeout: must(duration(100, HOUR), 30 * SECOND, 'How long an operation may take.'),
      rateLimit: must(
        whole(0, 1_000_000_000),
        600_000,
        'Cost that one token may spend a minute on each server; 0 = no limit.',
      ),
    },
  },
  live: {
    title: 'Live data',
    settings: {
      eventsRetention: must(duration(MINUTE, 3_650 * DAY), 7 * DAY, 'How long facts can be resumed from.'),
      activityRetention: must(duration(HOUR, 36_500 * DAY), 365 * DAY, 'How long the activity is kept.'),
      maxConnections: must(whole(1, 1_000_000), 20_000, 'The most WebSocket and SSE connections of one process.'),
      maxQueueBytes: must(whole(16_384, 1_073_741_824), 1_048_576, 'What may wait for one slow reader, in bytes.'),
    },
  },
  history: {
    title: 'History',
    settings: {
      historyRowsRetention: must(
        durationOrNone(MINUTE, 36_500 * DAY),
        0,
        'How long transactions and tasks are kept after the end of their transaction; 0 = for ever. The last success of each task on each node is always kept.',
      ),
      historySummariesRetention: must(
        durationOrNone(MINUTE, 36_500 * DAY),
        90 * DAY,
        'How long summaries of tasks are kept; 0 = for ever.',
      ),
      historyEventsRetention: must(
        durationOrNone(MINUTE, 36_500 * DAY),
        30 * DAY,
        'How long the record of what happened to tasks is kept, and which reports were taken in; 0 = for ever.',
      ),
      historyReportTimeout: must(
        durationOrNone(MINUTE, 3_650 * DAY),
        DAY,
        'A deployment that nothing was reported of for so long ends LOST; 0 = never.',
      ),
    },
  },
  work: {
    title: 'Due work',
    settings: {
      catchupWindow: must(
        duration(MINUTE, 365 * DAY),
        HOUR,
        'How far back missed due times count, where a job does not say.',
      ),
      runLease: must(
        duration(5 * SECOND, HOUR),
        MINUTE,
        'How long an agent holds a run without renewing it. Below 20 s a server that is slow for seconds may lose a run.',
      ),
      shardLease: must(
        duration(2 * SECOND, HOUR),
        15 * SECOND,
        'How long an engine holds a shard without renewing it: after that time others take what a dead engine held.',
      ),
      shardRenew: may(
        duration(200, 20 * MINUTE),
        'How often an engine renews what it holds, and says that it is alive; at most a third of ORRERY_SHARD_LEASE.',
        { defaultIs: 'a third of ORRERY_SHARD_LEASE' },
      ),
      shards: must(
        whole(1, 1_024),
        16,
        'How many shards the background jobs that any service may run are spread over; the same on all servers.',
      ),
      taggedShards: must(
        whole(1, 1_024),
        1,
        'How many shards the background jobs of each tag are spread over; the same on all servers.',
      ),
    },
  },
  reports: {
    title: 'Reports by RabbitMQ',
    settings: {
      reportsQueue: must(
        text,
        'orrery.reports',
        'The queue that reports are taken from; what is tried again waits in the queue of this name and `.wait`.',
      ),
      reportsDeadQueue: must(text, 'orrery.reports.dead', 'The queue for what can never be taken in, with the reason.'),
      reportsPrefetch: must(whole(1, 1_000), 16, 'How many messages one engine holds ahead of their acknowledgement.'),
      reportsRetryDelay: must(
        duration(100, 10 * MINUTE),
        2 * SECOND,
        'After how long a report of an unknown deployment is tried again; the sixteenth try is the last.',
      ),
    },
  },
  telemetry: {
    title: 'Telemetry',
    settings: {
      logLevel: must(
        oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
        'info',
        'The least grave line that is logged (JSON, on standard error).',
      ),
    },
  },
} as const;

/** The name of a setting in the environment. */
export const variableOf = (key: string): string => `ORRERY_${fileKeyOf(key).toUpperCase()}`;

/** The name of a setting in the configuration file. */
export const fileKeyOf = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The name of a setting as a flag of `orrery serve`. */
export const flagOf = (key: string): string =>
  ALL_SETTINGS.get(key)?.itemFlag ?? `--${fileKeyOf(key).replaceAll('_', '-')}`;

/** Every setting by its key, in the order of the documentation. */
export const ALL_SETTINGS: ReadonlyMap<string, Setting<unknown>> = new Map(
  Object.values(SETTINGS).flatMap((part) => Object.entries(part.settings)),
);
