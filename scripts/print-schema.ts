// Writes schema.graphql, the published contract, from the schema itself; with --check it writes nothing and fails when
// the file is not what the schema says. Run it through scripts/run-ts.mjs. It needs no configuration and no store.
import { readFileSync, writeFileSync } from 'node:fs';
import { printSchema } from 'graphql';
import { buildSchema } from '../src/schema/schema.js';

const PATH = 'schema.graphql';

function written(): string {
  try {
    return readFileSync(PATH, 'utf8');
  } catch {
    return '';
  }
}

const fresh = `${printSchema(buildSchema())}\n`;
if (!process.argv.includes('--check')) {
  writeFileSync(PATH, fresh);
} else if (fresh !== written()) {
  console.error(`${PATH} is not what the schema says: run "npm run codegen" and commit what changed.`);
  process.exitCode = 1;
}
