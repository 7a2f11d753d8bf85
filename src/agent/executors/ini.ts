import { InvalidInputError } from '../../lib/errors.js';

/** A value as freezer-agent's INI file can say it. */
export type IniValue = string | number | boolean | readonly (string | number | boolean)[];

function wordOf(value: string | number | boolean): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return String(value);
}

/** The text behind the `=`: booleans as Python writes them, lists joined by commas. */
export function iniText(value: IniValue): string {
  return typeof value === 'object' ? value.map(wordOf).join(',') : wordOf(value);
}

/** Whether Python's str.strip() or JavaScript's trim() would remove this character. */
function isBlank(char: string | undefined): boolean {
  if (char === undefined || char === '') return false;
  const code = char.charCodeAt(0);
  return char.trim() === '' || (code >= 0x1c && code <= 0x1f) || code === 0x85;
}

/** Why Python's ConfigParser would not read this text back as it is; null when it does. */
export function iniObstacle(text: string): string | null {
  if (text === '') return null;
  if (text.includes('\0')) return 'a NUL character';
  if (text.includes('\r')) return 'a carriage return';
  if (isBlank(text.at(0)) || isBlank(text.at(-1))) return 'a blank at an end';
  const lines = text.split('\n');
  if (lines.some((line) => isBlank(line.at(0)) || isBlank(line.at(-1)))) return 'a blank at the edge of a line';
  if (lines.slice(1).some((line) => /^[#;]/.test(line))) return 'a line that begins with # or ;';
  return Buffer.from(text, 'utf8').toString('utf8') === text ? null : 'half of a character';
}

function checkedKey(key: string): string {
  if (/^[A-Za-z_]\w*$/.test(key)) return key;
  throw new InvalidInputError([{ path: [key], message: `freezer-agent takes no option named "${key}".` }]);
}

/**
 * An INI file of one section that Python's ConfigParser reads back exactly: `%` is doubled against its interpolation,
 * lines after the first are indented.
 * @throws InvalidInputError for a key or a text that it cannot hold (see iniObstacle).
 */
export function writeIni(section: string, values: Readonly<Record<string, string>>): string {
  const lines = Object.entries(values).map(([key, text]) => {
    const obstacle = iniObstacle(text);
    if (obstacle !== null) {
      const message = `freezer-agent's configuration file cannot hold ${obstacle}, which "${key}" has.`;
      throw new InvalidInputError([{ path: [key], message }]);
    }
    return `${checkedKey(key)} = ${text.replaceAll('%', '%%').replaceAll('\n', '\n\t')}`.trimEnd();
  });
  return `[${section}]\n${lines.join('\n')}\n`;
}
