import { join, resolve } from 'node:path';
import { ExpectedError } from '../lib/errors.js';
import { WrongValue } from './kinds.js';
import { ALL_SETTINGS, SETTINGS, type Setting, variableOf } from './settings.js';
import { type ConfigFault, type ConfigFile, fromEnvironment, fromFile, fromFlags, type Given } from './sources.js';

type Part = keyof typeof SETTINGS;
type Table<P extends Part> = (typeof SETTINGS)[P]['settings'];
type ValueOf<S> = S extends { fallback: infer F; kind: { parse(text: string): infer T } }
  ? null extends F
    ? T | null
    : T
  : never;
type Slice<P extends Part> = { readonly [K in keyof Table<P>]: ValueOf<Table<P>[K]> };
type Slices = { readonly [P in Part]: Slice<P> };

/** Where the value of each setting comes from, by its key; `default` when nobody says. */
type ConfigSources = ReadonlyMap<string, string>;

/** The whole configuration, frozen. */
export interface Config extends Omit<Slices, 'server' | 'stores' | 'rights' | 'work'> {
  readonly server: Omit<Slice<'server'>, 'localAgent'> & {
    readonly localAgent: boolean;
    /** Whether only this host can reach the server. */
    readonly loopback: boolean;
  };
  readonly stores: Omit<Slice<'stores'>, 'databaseUrl'> & { readonly databaseUrl: string; readonly embedded: boolean };
  readonly rights: Omit<Slice<'rights'>, 'graphiql' | 'metricsPublic'> & {
    readonly graphiql: boolean;
    readonly metricsPublic: boolean;
  };
  readonly work: Omit<Slice<'work'>, 'shardRenew'> & { readonly shardRenew: number };
  readonly sources: ConfigSources;
}

/** The configuration cannot be used; `faults` names everything that is wrong with it. */
export class ConfigError extends ExpectedError {
  readonly faults: readonly ConfigFault[];

  constructor(faults: readonly ConfigFault[]) {
    const lines = faults.map((fault) => `  ${fault.name}: ${fault.message}`);
    const many = faults.length === 1 ? 'a fault' : `${faults.length} faults`;
    super('INVALID_INPUT', `The configuration has ${many}:\n${lines.join('\n')}`);
    this.faults = faults;
  }
}

/** Everything that the configuration is made of. */
export interface ConfigInput {
  env: Readonly<Record<string, string | undefined>>;
  file: ConfigFile | null;
  /** Flags of the command line, by name (`--database-url` or `databaseUrl`). */
  flags: Readonly<Record<string, string>>;
}

function settingValue(setting: Setting<unknown>, given: Given | undefined, faults: ConfigFault[]): unknown {
  if (!given) return setting.fallback;
  try {
    return setting.kind.parse(given.text.trim());
  } catch (error) {
    if (!(error instanceof WrongValue)) throw error;
    const shown = setting.secret ? 'The value' : `"${given.text}"`;
    faults.push({ name: given.source, message: `${shown} is not right: write ${error.message}.` });
    return setting.fallback;
  }
}

/** The values of one part. The cast holds: each value is its own kind's, or the fallback. */
function sliceOf<P extends Part>(part: P, given: ReadonlyMap<string, Given>, faults: ConfigFault[]): Slice<P> {
  const settings: Readonly<Record<string, Setting<unknown>>> = SETTINGS[part].settings;
  const values = Object.entries(settings).map(([key, setting]) => [key, settingValue(setting, given.get(key), faults)]);
  return Object.fromEntries(values) as Slice<P>;
}

/** Whether an address to listen on can be reached from this host only. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** How often an engine renews what it holds, at the least. */
const renewOf = (work: Slice<'work'>): number => Math.floor(work.shardLease / 3);

function checkTogether(slices: Slices, given: ReadonlyMap<string, Given>, faults: ConfigFault[]): void {
  const { server, rights, work } = slices;
  const nameOf = (key: string): string => given.get(key)?.source ?? variableOf(key);
  if (rights.jwksUrl !== null) {
    for (const key of ['jwtIssuer', 'jwtAudience'] as const) {
      if (rights[key] !== null) continue;
      const message = `Needed with ${nameOf('jwksUrl')}: a token made for somebody else would be good here.`;
      faults.push({ name: variableOf(key), message });
    }
  }
  if (work.shardRenew !== null && work.shardRenew > renewOf(work)) {
    const message = `At most a third of ${nameOf('shardLease')}: else one slow renewal loses the shards.`;
    faults.push({ name: nameOf('shardRenew'), message });
  }
  if (!isLoopback(server.host) && rights.adminToken === null && rights.jwksUrl === null) {
    const remedy =
      'set ORRERY_ADMIN_TOKEN (or ORRERY_ADMIN_TOKEN_FILE) or ORRERY_JWKS_URL first, or listen on 127.0.0.1';
    faults.push({ name: nameOf('host'), message: `"${server.host}" can be reached from elsewhere: ${remedy}.` });
  }
}

function freeze<T extends object>(value: T): Readonly<T> {
  return Object.freeze(value);
}

/**
 * Makes the configuration from the command line, the environment, the file and the defaults, in this order. Pure.
 * Throws ConfigError, which names every fault at once.
 */
export function loadConfig(input: ConfigInput): Config {
  const faults: ConfigFault[] = [];
  const given = new Map([
    ...fromFile(input.file, faults),
    ...fromEnvironment(input.env, faults),
    ...fromFlags(input.flags, faults),
  ]);
  const slice = <P extends Part>(part: P): Slice<P> => sliceOf(part, given, faults);
  const slices: Slices = {
    server: slice('server'),
    stores: slice('stores'),
    rights: slice('rights'),
    limits: slice('limits'),
    live: slice('live'),
    history: slice('history'),
    work: slice('work'),
    reports: slice('reports'),
    telemetry: slice('telemetry'),
  };
  checkTogether(slices, given, faults);
  if (faults.length > 0) throw new ConfigError(faults);
  return complete(slices, given, input.env.NODE_ENV === 'production');
}

/** Works out the defaults that depend on other settings. */
function complete(slices: Slices, given: ReadonlyMap<string, Given>, production: boolean): Config {
  const { server, stores, rights, limits, live, work, history, reports, telemetry } = slices;
  const loopback = isLoopback(server.host);
  const dataDir = resolve(server.dataDir);
  const databaseUrl = stores.databaseUrl ?? `sqlite:${join(dataDir, 'orrery.sqlite')}`;
  const embedded = databaseUrl.startsWith('sqlite:');
  const sources = [...ALL_SETTINGS.keys()].map((key) => [key, given.get(key)?.source ?? 'default'] as const);
  return freeze({
    server: freeze({ ...server, dataDir, loopback, localAgent: server.localAgent ?? (embedded && loopback) }),
    stores: freeze({ ...stores, databaseUrl, embedded }),
    rights: freeze({
      ...rights,
      graphiql: rights.graphiql ?? (loopback && !production),
      metricsPublic: rights.metricsPublic ?? loopback,
    }),
    limits: freeze(limits),
    live: freeze(live),
    work: freeze({ ...work, shardRenew: work.shardRenew ?? renewOf(work) }),
    history: freeze(history),
    reports: freeze(reports),
    telemetry: freeze(telemetry),
    sources: new Map(sources),
  });
}
