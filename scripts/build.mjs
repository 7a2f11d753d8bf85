// Builds what runs: dist/ (the server, the CLI and the agent) and sdk/dist (the client package with its types).
// esbuild only strips the types (the type check is `npm run typecheck`), so a fresh clone is ready in seconds.
// `--no-types` leaves out the declarations of the SDK. Files are replaced in place: what runs meanwhile goes on.
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Every TypeScript file below a folder. */
function sources(folder) {
  return readdirSync(join(root, folder), { recursive: true })
    .map((name) => join(root, folder, String(name)))
    .filter((path) => path.endsWith('.ts') && statSync(path).isFile());
}

const shared = { platform: 'node', format: 'esm', target: 'node20', sourcemap: true, logLevel: 'warning' };

await build({
  ...shared,
  entryPoints: [...sources('src'), ...sources('migrations')],
  outbase: root,
  outdir: join(root, 'dist'),
});
await build({
  ...shared,
  entryPoints: sources('sdk/src'),
  outbase: join(root, 'sdk/src'),
  outdir: join(root, 'sdk/dist'),
});
if (!process.argv.includes('--no-types')) {
  const types = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'sdk')], {
    stdio: 'inherit',
  });
  process.exitCode = types.status ?? 1;
}
