// Runs one TypeScript program of this repository (a benchmark, a tool) without building dist/:
//   node scripts/run-ts.mjs bench/schedule.ts [arguments]
// esbuild bundles it with our own sources and leaves the packages outside.
import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const [program, ...rest] = process.argv.slice(2);
if (program === undefined) {
  console.error('Say which program to run: node scripts/run-ts.mjs bench/schedule.ts');
  process.exit(2);
}
const source = resolve(program);
// Below node_modules, so that the packages are found from there; by process, so that two runs do not meet.
const folder = join(root, 'node_modules/.cache/run-ts');
const bundle = join(folder, `${basename(source, '.ts')}-${process.pid}.mjs`);
mkdirSync(folder, { recursive: true });

/** Lets a source find the files beside it: within the bundle its own address would be the bundle's. */
const ownAddress = {
  name: 'own-address',
  setup(bundler) {
    bundler.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const contents = await readFile(path, 'utf8');
      return { contents: contents.replaceAll('import.meta.url', `'${pathToFileURL(path)}'`), loader: 'ts' };
    });
  },
};
await build({
  entryPoints: [source],
  outfile: bundle,
  bundle: true,
  packages: 'external',
  alias: { '@orrery/sdk': join(root, 'sdk/src/index.ts') },
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: 'inline',
  plugins: [ownAddress],
  logLevel: 'warning',
});
process.argv = [process.argv[0], source, ...rest];
await import(pathToFileURL(bundle).href);
