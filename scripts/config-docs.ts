import { writeFileSync } from 'node:fs';
import { configurationDocument } from '../src/config/show.js';

// Writes docs/configuration.md from the table of settings: node scripts/run-ts.mjs scripts/config-docs.ts
writeFileSync('docs/configuration.md', configurationDocument());
