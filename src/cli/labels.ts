import { InvalidArgumentError } from 'commander';

/** Labels as people write them: `zone=eu,disk=fast`; `any` for none. Throws InvalidArgumentError. */
export function labels(text: string): Record<string, string> {
  if (text.trim() === 'any') return {};
  const pairs = text.split(',').map((part): [string, string] => {
    const at = part.indexOf('=');
    const [name, value] = [part.slice(0, at).trim(), part.slice(at + 1).trim()];
    if (at < 1 || name === '' || value === '') {
      throw new InvalidArgumentError(`"${part}" is no label: they look like zone=eu,disk=fast; "any" means none.`);
    }
    return [name, value];
  });
  return Object.fromEntries(pairs);
}

/** Labels as people read them. */
export function labelsText(given: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(given).map(([name, value]) => `${name}=${value}`);
  return parts.length === 0 ? 'any' : parts.sort().join(',');
}
