import { readFileSync, writeFileSync } from 'node:fs';
import { policyDocument } from '../src/auth/policy-document.js';
import { configurationDocument } from '../src/config/show.js';
import { errorCodesDocument } from '../src/http/error-codes.js';

// Writes what the docs take from the code: `npm run docs:config`; with --check it only says what is not fresh.
const CONFIGURATION = 'docs/configuration.md';
const SECURITY = 'docs/security.md';

const security = readFileSync(SECURITY, 'utf8');
const between = (text: string, name: string, inner: string): string =>
  text.replace(
    new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*?(<!-- /${name} -->)`),
    (_whole, begin: string, end: string) => `${begin}${inner}${end}`,
  );
const pages: [string, string][] = [
  [CONFIGURATION, configurationDocument()],
  [SECURITY, between(between(security, 'policy', `\n${policyDocument()}\n`), 'codes', `${errorCodesDocument()}\n`)],
];

for (const [path, text] of pages) {
  if (readFileSync(path, 'utf8') === text) continue;
  if (process.argv.includes('--check')) {
    console.error(`${path} is not what the code says: run "npm run docs:config".`);
    process.exitCode = 1;
  } else writeFileSync(path, text);
}
