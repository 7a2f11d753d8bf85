import { readFileSync, writeFileSync } from 'node:fs';
import { policyDocument } from '../src/auth/policy-document.js';
import { configurationDocument } from '../src/config/show.js';

// Writes what the docs take from the code: `npm run docs:config`; with --check it only says what is not fresh.
const CONFIGURATION = 'docs/configuration.md';
const SECURITY = 'docs/security.md';

const security = readFileSync(SECURITY, 'utf8');
const between = /(<!-- policy -->\n)[\s\S]*?(<!-- \/policy -->)/;
const pages: [string, string][] = [
  [CONFIGURATION, configurationDocument()],
  [
    SECURITY,
    security.replace(between, (_whole, begin: string, end: string) => `${begin}\n${policyDocument()}\n${end}`),
  ],
];

for (const [path, text] of pages) {
  if (readFileSync(path, 'utf8') === text) continue;
  if (process.argv.includes('--check')) {
    console.error(`${path} is not what the code says: run "npm run docs:config".`);
    process.exitCode = 1;
  } else writeFileSync(path, text);
}
