import { readFile } from 'node:fs/promises';
import { ConfigError, type ConfigInput } from './config.js';
import { ALL_SETTINGS, variableOf } from './settings.js';
import type { ConfigFault, ConfigFile } from './sources.js';

const FILE_SUFFIX = '_FILE';

const SECRETS: ReadonlySet<string> = new Set(
  [...ALL_SETTINGS].filter(([, setting]) => setting.secret).map(([key]) => variableOf(key)),
);

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The process's environment. The one place that reads it. */
export function readProcessEnv(): Readonly<Record<string, string | undefined>> {
  return { ...process.env };
}

/** Puts the content of the files that `ORRERY_..._FILE` variables name in the place of the variables. */
async function withSecretFiles(
  env: Readonly<Record<string, string | undefined>>,
  faults: ConfigFault[],
): Promise<Record<string, string | undefined>> {
  const whole: Record<string, string | undefined> = { ...env };
  for (const [name, path] of Object.entries(env)) {
    const variable = name.slice(0, -FILE_SUFFIX.length);
    if (!name.endsWith(FILE_SUFFIX) || !SECRETS.has(variable)) continue;
    delete whole[name];
    if (path === undefined || path === '') continue;
    if (env[variable]) {
      faults.push({ name, message: `Give either ${variable} or ${name}, not both.` });
      continue;
    }
    try {
      whole[variable] = (await readFile(path, 'utf8')).trim();
    } catch (error) {
      faults.push({ name, message: `The file cannot be read: ${reason(error)}.` });
    }
  }
  return whole;
}

async function readConfigFile(path: string | undefined, faults: ConfigFault[]): Promise<ConfigFile | null> {
  if (path === undefined || path === '') return null;
  try {
    return { path, text: await readFile(path, 'utf8') };
  } catch (error) {
    faults.push({ name: 'ORRERY_CONFIG', message: `The configuration file cannot be read: ${reason(error)}.` });
    return null;
  }
}

/**
 * Reads what the configuration is made of: the environment, the files of secrets, the configuration file. Throws
 * ConfigError when a file that is named cannot be read.
 */
export async function readConfigInput(
  env: Readonly<Record<string, string | undefined>>,
  flags: Readonly<Record<string, string>>,
): Promise<ConfigInput> {
  const faults: ConfigFault[] = [];
  const { config, ...rest } = flags;
  const file = await readConfigFile(config ?? env.ORRERY_CONFIG, faults);
  const whole = await withSecretFiles(env, faults);
  if (faults.length > 0) throw new ConfigError(faults);
  return { env: whole, file, flags: rest };
}
