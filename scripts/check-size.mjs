// No file of the source is longer than 400 lines: generated files excepted, nothing else.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const LIMIT = 400;
const FOLDERS = ['src', 'sdk/src', 'migrations', 'bench', 'scripts', 'test'];
const CODE = /\.(ts|tsx|mjs|cjs|js|sh)$/;

const tooLong = FOLDERS.flatMap((folder) =>
  readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => CODE.test(path) && !path.includes('/generated/'))
    .map((path) => ({ path, lines: readFileSync(path, 'utf8').split('\n').length - 1 })),
).filter(({ lines }) => lines > LIMIT);

for (const { path, lines } of tooLong)
  console.error(`${path}: ${lines} lines; the limit is ${LIMIT}: split it by use case.`);
process.exitCode = tooLong.length > 0 ? 1 : 0;
