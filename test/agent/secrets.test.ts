import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMasker, MASK, resolveSecrets } from '../../src/agent/secrets.js';

/** Texts in which secrets of few letters overlap, repeat and begin alike. */
const letters = fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength: 40 });
const secrets = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength: 6 }), { maxLength: 4 });

describe('resolving secrets', () => {
  it('finds them at any depth and leaves everything else', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'orrery-secrets-'));
    const path = join(directory, 'key');
    await writeFile(path, 'first\nsecond\n');
    const action = {
      action: 'exec',
      plain: { secret: 'env:A', more: 1 },
      list: ['x', { secret: 'env:A' }],
      env: { KEY: { secret: `file:${path}` } },
      none: null,
    };
    const resolved = await resolveSecrets(action, { env: { A: 'alpha' } });
    expect(resolved.action).toEqual({
      action: 'exec',
      plain: { secret: 'env:A', more: 1 },
      list: ['x', 'alpha'],
      env: { KEY: 'first\nsecond' },
      none: null,
    });
    expect([...resolved.values].sort()).toEqual(['alpha', 'first\nsecond']);
    await rm(directory, { recursive: true });
  });

  it.each([
    ['env:MISSING', 'The agent\'s environment has no variable "MISSING" for a secret.'],
    ['env:ORRERY_TOKEN', 'The secret "env:ORRERY_TOKEN" is the agent\'s own and not for jobs.'],
    ['file:relative', 'The secret "file:relative" must be env:NAME or file:/absolute/path.'],
    ['file:/does/not/exist', 'The agent cannot read the secret file /does/not/exist (ENOENT).'],
    ['vault:x', 'The secret "vault:x" must be env:NAME or file:/absolute/path.'],
    ['', 'The secret "" must be env:NAME or file:/absolute/path.'],
  ])('refuses %s by name', async (secret, message) => {
    const env = { ORRERY_TOKEN: 'mine' };
    await expect(resolveSecrets({ a: [{ secret }] }, { env })).rejects.toMatchObject({ message, inputPath: ['a', 0] });
  });
});

describe('masking', () => {
  it('hides every secret, wherever the text is cut', () => {
    fc.assert(
      fc.property(fc.array(letters, { maxLength: 8 }), secrets, (pieces, values) => {
        const masker = createMasker(values);
        const stream = masker.stream();
        const shown = pieces.map((piece) => stream.push(piece)).join('') + stream.end();
        expect(shown).toBe(masker.mask(pieces.join('')));
      }),
      { numRuns: 2000 },
    );
  });

  it('leaves no secret in what it shows', () => {
    fc.assert(
      fc.property(letters, secrets, (text, values) => {
        const shown = createMasker(values).mask(text).split(MASK);
        for (const value of values) if (value !== '') for (const part of shown) expect(part).not.toContain(value);
      }),
    );
  });

  it('holds back no more than a beginning of a secret', () => {
    const stream = createMasker(['hunter2']).stream();
    expect(stream.push('password: hun')).toBe('password: ');
    expect(stream.push('ter2 and hunter')).toBe(`${MASK} and `);
    expect(stream.push('s\n')).toBe('hunters\n');
    expect(stream.end()).toBe('');
  });

  it('hides the lines of a key that is printed with something between', () => {
    const key = '-----BEGIN KEY-----\nMIIEvQIBADANBg\n}\n-----END KEY-----';
    expect(createMasker([key]).mask('  MIIEvQIBADANBg\n  }\n')).toBe(`  ${MASK}\n  }\n`);
  });

  it('takes secrets literally, and none at all', () => {
    expect(createMasker(['.*', '$&']).mask('a.*b$&c')).toBe(`a${MASK}b${MASK}c`);
    expect(createMasker(['']).mask('abc')).toBe('abc');
    expect(createMasker([]).stream().push('abc')).toBe('abc');
  });
});
