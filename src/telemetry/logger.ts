import { type DestinationStream, destination, type Logger as PinoLogger, pino } from 'pino';

/** The levels of a log line, from the most to the least talkative. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

/** A JSON log. Lines about a request carry its `requestId`. */
export type Logger = Pick<PinoLogger, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'> & {
  child(fields: Record<string, unknown>): Logger;
};

const NAMES = [
  'authorization',
  'cookie',
  'password',
  'token',
  'secret',
  'adminToken',
  'connectionParams',
  'set-cookie',
];

/** Fields that never reach the log, at the top of a line and one level below. */
const REDACTED = NAMES.flatMap((name) => [`["${name}"]`, `*["${name}"]`, `*.headers["${name}"]`]);

/** Passwords in URLs and our tokens, wherever a message or a stack may quote them. */
const SECRETS: readonly [RegExp, string][] = [
  [/\b([a-z][a-z0-9+]*:\/\/[^\s:/@]*):[^\s@/]+@/gi, '$1:***@'],
  [/\borr_[0-9a-f]{32}_[A-Za-z0-9_-]+/g, 'orr_***'],
  [/\bBearer +[\x21-\x7e]+/gi, 'Bearer ***'],
];

/** A text without the secrets that may stand in it. */
const withoutSecrets = (text: string): string =>
  SECRETS.reduce((left, [pattern, replacement]) => left.replace(pattern, replacement), text);

function errorFields(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: withoutSecrets(String(error)) };
  const code = 'code' in error ? error.code : undefined;
  return { type: error.name, message: withoutSecrets(error.message), code, stack: withoutSecrets(error.stack ?? '') };
}

/** Makes the log: JSON lines on standard error, so that standard output stays the program's own. */
export function createLogger(options: { level: LogLevel; name?: string; to?: DestinationStream }): Logger {
  return pino(
    {
      level: options.level,
      base: options.name === undefined ? {} : { service: options.name },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACTED, censor: '***' },
      serializers: { error: errorFields, err: errorFields },
    },
    options.to ?? destination({ dest: 2, sync: false }),
  );
}

/** A log that says nothing: for tests and for tools. */
export const silentLogger: Logger = createLogger({ level: 'silent' });
