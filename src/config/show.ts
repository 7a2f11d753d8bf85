import type { Config } from './config.js';
import { ALL_SETTINGS, fileKeyOf, flagOf, SETTINGS, type Setting, variableOf } from './settings.js';

/** One setting as `orrery config` shows it. */
export interface ShownSetting {
  variable: string;
  value: string;
  source: string;
}

const MASK = '********';

/** A URL without its password and its options; any other secret is masked whole. */
function masked(value: string): string {
  if (value.startsWith('sqlite:')) return value;
  const [, scheme, user, password, rest] =
    /^([a-z][a-z0-9+.-]*:\/\/)(?:([^:@/]*)(:[^@]*)?@)?([^?]*)/i.exec(value) ?? [];
  if (scheme === undefined) return MASK;
  const owner = user === undefined ? '' : `${user}${password === undefined ? '' : `:${MASK}`}@`;
  return `${scheme}${owner}${rest ?? ''}`;
}

function shown(setting: Setting<unknown>, value: unknown): string {
  if (value === null || value === undefined) return '';
  return setting.secret ? masked(String(value)) : setting.kind.show(value);
}

/** Every setting with its value and where that comes from; secrets are masked. */
export function showConfig(config: Config): ShownSetting[] {
  const values = new Map<string, unknown>(
    [
      config.server,
      config.stores,
      config.rights,
      config.limits,
      config.live,
      config.history,
      config.work,
      config.reports,
      config.telemetry,
    ].flatMap((slice) => Object.entries(slice)),
  );
  return [...ALL_SETTINGS].map(([key, setting]) => ({
    variable: variableOf(key),
    value: shown(setting, values.get(key)),
    source: config.sources.get(key) ?? 'default',
  }));
}

/** A setting as a flag of `orrery serve`, for its help. */
export interface FlagHelp {
  flag: string;
  variable: string;
  description: string;
  fallback: string;
  /** Whether it may be given more than once: then the texts are joined by commas. */
  repeatable: boolean;
}

const fallbackOf = (setting: Setting<unknown>): string => setting.defaultIs ?? shown(setting, setting.fallback);

/** Every setting as a flag, in the order of the documentation. */
export function flagHelp(): FlagHelp[] {
  return [...ALL_SETTINGS].map(([key, setting]) => ({
    flag: flagOf(key),
    variable: variableOf(key),
    description: setting.description,
    fallback: fallbackOf(setting).replaceAll('`', ''),
    repeatable: setting.itemFlag !== undefined,
  }));
}

function settingRow(key: string, setting: Setting<unknown>): string {
  const fallback =
    setting.defaultIs ?? (shown(setting, setting.fallback) ? `\`${shown(setting, setting.fallback)}\`` : 'none');
  const secret = setting.secret ? ' Secret.' : '';
  return `| \`${variableOf(key)}\` | ${setting.kind.form} | ${fallback} | ${setting.description}${secret} |`;
}

/** docs/configuration.md, whole. */
export function configurationDocument(): string {
  const parts = Object.values(SETTINGS).map((part) => {
    const rows = Object.entries(part.settings).map(([key, setting]) => settingRow(key, setting));
    return [
      `## ${part.title}`,
      '',
      '| variable | value | default | what it does |',
      '|---|---|---|---|',
      ...rows,
      '',
    ].join('\n');
  });
  return [HEAD, ...parts].join('\n');
}

const HEAD = `# Configuration

This page is generated from the table of settings (\`src/config/settings.ts\`): do not edit it, run \`npm run docs:config\`.

Each setting can be given in three places. The first that says something wins:

1. a flag of \`orrery serve\`: \`${flagOf('databaseUrl')} ...\`
2. a variable of the environment: \`${variableOf('databaseUrl')}=...\`; an empty variable says nothing
3. a line of the configuration file (YAML) that \`ORRERY_CONFIG\` names: \`${fileKeyOf('databaseUrl')}: ...\`

A secret can also be read from a file, so that it stands in no environment: \`${variableOf('adminToken')}_FILE=/run/secrets/token\`.

A setting that does not exist, or a value that is not right, keeps the server from starting; every fault is named at
once. \`orrery config\` shows each setting, its value and where it comes from, with secrets masked.
`;
