import { DAY, HOUR, MINUTE, SECOND } from '../lib/time.js';

/** How the text of one setting becomes its value. `parse` throws WrongValue with what would be right. */
export interface Kind<T> {
  /** For people: what can be written. */
  form: string;
  parse(text: string): T;
  /** How a value is written, for the documentation of defaults. */
  show(value: T): string;
}

/** A setting's text is not of its kind; the message says what would be right. */
export class WrongValue extends Error {}

export const text: Kind<string> = { form: 'text', parse: (value) => value, show: (value) => value };

export const path: Kind<string> = { form: 'path', parse: (value) => value, show: (value) => value };

/** A secret of at least `shortest` characters without white space. */
export const secretText = (shortest: number): Kind<string> => ({
  form: `text of at least ${shortest} characters, without white space`,
  parse(value) {
    const trimmed = value.trim();
    if (trimmed.length < shortest || /\s/.test(trimmed)) {
      throw new WrongValue(`a text of at least ${shortest} characters without white space`);
    }
    return trimmed;
  },
  show: (value) => value,
});

export const flag: Kind<boolean> = {
  form: '`true` or `false`',
  parse(value) {
    const lower = value.toLowerCase();
    if (['true', 'yes', 'on', '1'].includes(lower)) return true;
    if (['false', 'no', 'off', '0'].includes(lower)) return false;
    throw new WrongValue('"true" or "false"');
  },
  show: (value) => String(value),
};

/** A whole number between two bounds, both included. */
export const whole = (least: number, most: number): Kind<number> => ({
  form: `whole number, ${least} to ${most}`,
  parse(value) {
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= least && number <= most)) throw new WrongValue(`a whole number from ${least} to ${most}`);
    return number;
  },
  show: (value) => String(value),
});

const UNITS: Record<string, number> = { ms: 1, s: SECOND, m: MINUTE, h: HOUR, d: DAY };

/** A length of time as a number and a unit; the value is in milliseconds. */
export const duration = (least: number, most: number): Kind<number> => ({
  form: `length of time such as \`500ms\`, \`30s\`, \`10m\`, \`12h\`, \`7d\`; ${showDuration(least)} to ${showDuration(most)}`,
  parse(value) {
    const [, digits = '', unit = ''] = /^(\d+)\s*(ms|s|m|h|d)$/.exec(value.trim().toLowerCase()) ?? [];
    const length = digits === '' ? Number.NaN : Number(digits) * (UNITS[unit] ?? Number.NaN);
    if (!(length >= least && length <= most)) {
      const bounds = `${showDuration(least)} to ${showDuration(most)}`;
      throw new WrongValue(`a length of time from ${bounds}, with its unit (ms, s, m, h, d)`);
    }
    return length;
  },
  show: showDuration,
});

/** A length of time, or 0 for "never" or "for ever"; the value is in milliseconds. */
export const durationOrNone = (least: number, most: number): Kind<number> => {
  const length = duration(least, most);
  return {
    form: `\`0\`, or ${length.form}`,
    parse: (value) => (/^0+\s*(ms|s|m|h|d)?$/i.test(value.trim()) ? 0 : length.parse(value)),
    show: (value) => (value === 0 ? '0' : length.show(value)),
  };
};

function showDuration(value: number): string {
  for (const [unit, size] of Object.entries(UNITS).reverse()) {
    if (value > 0 && value % size === 0) return `${value / size}${unit}`;
  }
  return '0s';
}

/** One of a few words. */
export const oneOf = <const T extends string>(...words: readonly T[]): Kind<T> => ({
  form: words.map((word) => `\`${word}\``).join(', '),
  parse(value) {
    const found = words.find((word) => word === value.toLowerCase());
    if (found === undefined) throw new WrongValue(`one of ${words.join(', ')}`);
    return found;
  },
  show: (value) => value,
});

/** A URL whose scheme is one of those named. A URL of MongoDB may name several hosts, which the standard does not know. */
export const url = (...schemes: readonly string[]): Kind<string> => ({
  form: `URL (${schemes.map((scheme) => `\`${scheme}:\``).join(', ')})`,
  parse(value) {
    const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*):(\S+)$/i.exec(value) ?? [];
    const right = schemes.includes(scheme) && rest !== '' && (!scheme.startsWith('http') || URL.canParse(value));
    if (!right) throw new WrongValue(`a URL that starts with ${schemes.map((name) => `${name}:`).join(' or ')}`);
    return value;
  },
  show: (value) => value,
});

/** An origin as browsers send it: scheme, host and port, nothing else. */
function parseOrigin(value: string): string {
  const right = URL.canParse(value) && /^https?:/.test(value) && new URL(value).origin === value.replace(/\/$/, '');
  if (!right) throw new WrongValue('origins such as https://console.example.org, separated by commas');
  return new URL(value).origin;
}

const list = (form: string, parseItem: (item: string) => string): Kind<readonly string[]> => ({
  form,
  parse: (value) =>
    value
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '')
      .map(parseItem),
  show: (value) => value.join(','),
});

export const origins = list('origins, separated by commas', parseOrigin);

const LABEL = /^([A-Za-z0-9][A-Za-z0-9._/-]{0,62})\s*=\s*(\S(?:.{0,253}\S)?)$/;
const MOST_LABELS = 30;
const LABELS = 'labels such as zone=eu, separated by commas; "host" and "name" are given';

const pairs = list('labels such as `zone=eu`, separated by commas', (item) => {
  const [, name = 'host', value = ''] = LABEL.exec(item) ?? [];
  if (name === 'host' || name === 'name') throw new WrongValue(LABELS);
  return `${name}=${value}`;
});

/** What a service can be chosen by, beside its host and name. */
export const labels: Kind<Readonly<Record<string, string>>> = {
  form: pairs.form,
  parse(value) {
    const items = pairs.parse(value).map((item): [string, string] => {
      const sign = item.indexOf('=');
      return [item.slice(0, sign), item.slice(sign + 1)];
    });
    if (items.length > MOST_LABELS) throw new WrongValue(`at most ${MOST_LABELS} labels`);
    if (new Set(items.map(([name]) => name)).size < items.length) throw new WrongValue('each label once');
    return Object.freeze(Object.fromEntries(items));
  },
  show: (value) =>
    Object.entries(value)
      .map(([name, text]) => `${name}=${text}`)
      .join(','),
};

/** Addresses or networks of trusted proxies. */
export const networks = list('IP addresses or networks (`10.0.0.0/8`), separated by commas', (item) => {
  if (!/^[0-9a-f.:]+(\/\d{1,3})?$/i.test(item)) {
    throw new WrongValue('IP addresses or networks such as 10.0.0.0/8, separated by commas');
  }
  return item;
});
