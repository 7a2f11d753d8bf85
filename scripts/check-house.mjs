// What no linter looks for. No file of the source is longer than 400 lines: generated files excepted, nothing else. And
// what tests share asks for hooks in a function that each file calls: a worker loads a module once for all its files, so
// that hooks outside a function would be those of its first file alone.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const LIMIT = 400;
const FOLDERS = ['src', 'sdk/src', 'migrations', 'bench', 'scripts', 'test'];
const CODE = /\.(ts|tsx|mjs|cjs|js|sh)$/;
const HOOK = /^(before|after)(All|Each)\(/m;

const files = FOLDERS.flatMap((folder) =>
  readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => CODE.test(path) && !path.includes('/generated/'))
    .map((path) => ({ path, text: readFileSync(path, 'utf8') })),
);
const faults = files.flatMap(({ path, text }) => {
  const lines = text.split('\n').length - 1;
  const tooLong = lines > LIMIT ? [`${lines} lines; the limit is ${LIMIT}: split it by use case.`] : [];
  const hooks =
    HOOK.test(text) && !path.endsWith('.test.ts')
      ? ['hooks outside a function: put them into one that each test file calls.']
      : [];
  return [...tooLong, ...hooks].map((fault) => `${path}: ${fault}`);
});

for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;
