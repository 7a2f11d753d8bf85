import { readFileSync, writeFileSync } from 'node:fs';
import { policyDocument } from '../src/auth/policy-document.js';
import { configurationDocument } from '../src/config/show.js';

// Writes what the docs take from the code: node scripts/run-ts.mjs scripts/config-docs.ts
writeFileSync('docs/configuration.md', configurationDocument());

const security = readFileSync('docs/security.md', 'utf8');
const between = /(<!-- policy -->\n)[\s\S]*?(<!-- \/policy -->)/;
writeFileSync(
  'docs/security.md',
  security.replace(between, (_whole, begin: string, end: string) => `${begin}\n${policyDocument()}\n${end}`),
);
