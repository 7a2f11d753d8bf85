import { chmod, link, lstat, mkdir, readdir, rename, rm, rmdir, symlink, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { probeTar, tarExecutor } from '../../src/agent/executors/tar.js';
import { SECOND } from '../../src/lib/time.js';
import { describeTree, makeHost } from './host.js';

/** Few names, so that changes meet each other. */
const path = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));

const change = fc.oneof(
  fc.record({ do: fc.constant('write' as const), path, text: fc.string({ maxLength: 20 }) }),
  fc.record({ do: fc.constant('mkdir' as const), path }),
  fc.record({ do: fc.constant('remove' as const), path }),
  fc.record({ do: fc.constant('chmod' as const), path, mode: fc.constantFrom(0o700, 0o755, 0o640) }),
  fc.record({ do: fc.constant('symlink' as const), path, to: path }),
  fc.record({ do: fc.constant('link' as const), path, to: path }),
  fc.record({ do: fc.constant('rename' as const), path, to: path }),
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

/** Does a change where it is possible; an impossible one changes nothing. */
async function apply(root: string, step: Change): Promise<void> {
  const target = join(root, step.path);
  const work = async () => {
    const found = await lstat(target).catch(() => null);
    if (step.do === 'remove') return found?.isDirectory() ? rm(target, { recursive: true }) : unlink(target);
    if (step.do === 'chmod') return found?.isSymbolicLink() ? undefined : chmod(target, step.mode);
    if (step.do === 'write') return writeFile(target, step.text);
    if (step.do === 'mkdir')
      return found && !found.isDirectory() ? unlink(target).then(() => mkdir(target)) : mkdir(target);
    if (step.do === 'symlink') return symlink(step.to, target);
    if (step.do === 'link') return link(join(root, step.to), target);
    if (found?.isDirectory()) await rmdir(join(root, step.to)).catch(() => undefined);
    return rename(target, join(root, step.to));
  };
  if ((await readdir(dirname(target)).catch(() => null)) === null) return;
  await work().catch(() => undefined);
}

it('restores any tree as it was at each level, whatever changed between them', async () => {
  const { tool, reason } = await probeTar({ PATH: process.env.PATH });
  if (!tool) throw new Error(reason);
  const tar = tarExecutor(tool, 'box');
  const levels = fc.array(fc.array(change, { maxLength: 12 }), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(levels, async (steps) => {
      const host = await makeHost();
      try {
        const source = host.path('source');
        await mkdir(source);
        const names = { backup_name: 'trees', container: host.path('store'), storage: 'local' };
        const trees: [number, Record<string, string>][] = [];
        for (const changes of steps) {
          for (const step of changes) await apply(source, step);
          const done = await host.run([tar], { action: 'backup', path_to_backup: source, ...names });
          expect(done, host.output.join('')).toMatchObject({ ok: true, summary: { level: trees.length } });
          trees.push([host.now, await describeTree(source)]);
          host.now += SECOND;
        }
        for (const [at, tree] of trees) {
          const target = host.path(`restored-${at}`);
          const restore_from_date = new Date(at).toISOString();
          const action = { action: 'restore', restore_abs_path: target, restore_from_date, ...names };
          const done = await host.run([tar], action);
          expect(done, host.output.join('')).toMatchObject({ ok: true });
          expect(await describeTree(target)).toEqual(tree);
        }
      } finally {
        await host.remove();
      }
    }),
    { numRuns: 25 },
  );
});
