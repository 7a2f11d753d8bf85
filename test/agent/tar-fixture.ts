import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect } from 'vitest';
import type { Executor } from '../../src/agent/executors/executor.js';
import { probeTar, tarExecutor } from '../../src/agent/executors/tar.js';
import type { JsonObject } from '../../src/lib/json.js';
import { SECOND } from '../../src/lib/time.js';
import { describeTree, type Host, makeHost } from './host.js';

/** The executor of a host called `box`, of the running test file. */
export let tar: Executor;
/** Fresh for each test. */
export let host: Host;
/** A directory that holds `a.txt`, to be backed up. */
export let source: string;

/** Gives each test of the file that calls it a host of its own. */
export function onHostWithTar(): void {
  beforeAll(async () => {
    const { tool, reason } = await probeTar({ PATH: process.env.PATH });
    if (!tool) throw new Error(reason);
    tar = tarExecutor(tool, 'box');
  });

  beforeEach(async () => {
    host = await makeHost();
    source = host.path('source');
    await mkdir(source);
    await writeFile(join(source, 'a.txt'), 'alpha');
  });

  afterEach(() => host.remove());
}

/** The keys that say where backups lie. */
export const base = () => ({ backup_name: 'docs', container: host.path('store'), storage: 'local' });

/** Backs `source` up; ten seconds pass. */
export async function backUp(more: JsonObject = {}) {
  const result = await host.run([tar], { action: 'backup', mode: 'fs', path_to_backup: source, ...base(), ...more });
  host.now += 10 * SECOND;
  return result;
}

let restores = 0;

/** Restores to a new directory. */
export async function restore(more: JsonObject = {}) {
  restores += 1;
  const target = host.path(`restored-${restores}`);
  const result = await host.run([tar], { action: 'restore', restore_abs_path: target, ...base(), ...more });
  return { result, target };
}

/** Restores and expects the tree to equal `source`. */
export async function expectRestored(more: JsonObject = {}): Promise<void> {
  const { result, target } = await restore(more);
  expect(result).toMatchObject({ ok: true });
  expect(await describeTree(target)).toEqual(await describeTree(source));
}

/** Names of all whole backups, by chain. */
export async function stored(name = 'box_docs'): Promise<string[]> {
  const chains = (await readdir(host.path('store', name))).filter((entry) => !entry.startsWith('.'));
  const names = await Promise.all(
    chains.map(async (chain) => (await readdir(host.path('store', name, chain))).map((entry) => `${chain}/${entry}`)),
  );
  return names.flat().sort();
}
