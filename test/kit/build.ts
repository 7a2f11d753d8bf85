import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Tests that start real processes run what is built: it is built anew before the first of them. */
export function setup(): void {
  const script = fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url));
  const { status } = spawnSync(process.execPath, [script, '--no-types'], { stdio: 'inherit' });
  if (status !== 0) throw new Error('The build failed: see above.');
}
