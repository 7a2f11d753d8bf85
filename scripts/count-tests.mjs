// Adds up the tallies of the runs, says what failed and why, and prints the closing line of .ci/run. Fails when
// something failed, or when nothing ran.
import { readFileSync } from 'node:fs';

const tallies = process.argv.slice(2).map((path) => JSON.parse(readFileSync(path, 'utf8')));
const sum = (name) => tallies.reduce((total, tally) => total + tally[name], 0);
for (const failure of tallies.flatMap(({ failures }) => failures)) console.log(`FAILED ${failure}\n`);
console.log(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`);
process.exitCode = sum('failed') > 0 || sum('passed') === 0 ? 1 : 0;
