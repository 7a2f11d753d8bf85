import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openDataDirectory } from '../../src/main/data-directory.js';

it('a data directory is made with all that is missing above it', () => {
  const root = mkdtempSync(join(tmpdir(), 'orrery-data-'));
  const directory = openDataDirectory(join(root, 'a/b'));
  expect(statSync(join(root, 'a/b')).mode & 0o777).toBe(0o700);
  directory.release();
  rmSync(root, { recursive: true });
});

it('a data directory where none can be made is refused at once', () => {
  expect(() => openDataDirectory('/proc/orrery-x')).toThrow(
    /^The data directory \/proc\/orrery-x cannot be used: .*\. Make it writable, or name another with --data-dir\.$/,
  );
  expect(() => openDataDirectory('/proc/orrery-x/below')).toThrow('cannot be used');
});
