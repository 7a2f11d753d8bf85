// A reporter of vitest's that writes {passed, failed, skipped, failures} to the file that TALLY_FILE names. Unlike
// vitest's JSON report it counts and explains what failed outside of a test: a hook, a file that does not load, an
// error that nobody handled.
import { writeFileSync } from 'node:fs';

/** What an error says, and what it was about, in few lines. */
const MOST_LINES = 25;
const explain = (errors) =>
  errors
    .map(({ message, stack }) => [message, ...(stack ?? '').split('\n').filter((line) => line.includes('/test/'))])
    .map((lines) => lines.join('\n').split('\n').slice(0, MOST_LINES).join('\n'))
    .join('\n');

export default class TallyReporter {
  onTestRunEnd(modules, unhandled) {
    const tally = { passed: 0, failed: 0, skipped: 0, failures: [] };
    const fail = (name, errors) => {
      tally.failed += 1;
      tally.failures.push(`${name}\n${explain(errors)}`);
    };
    for (const module of modules) {
      if (module.errors().length > 0) fail(module.relativeModuleId, module.errors());
      for (const suite of module.children.allSuites()) {
        if (suite.errors().length > 0) fail(`${module.relativeModuleId} > ${suite.fullName}`, suite.errors());
      }
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result();
        if (state === 'passed') tally.passed += 1;
        else if (state === 'failed') fail(`${module.relativeModuleId} > ${test.fullName}`, errors);
        else tally.skipped += 1;
      }
    }
    for (const error of unhandled) fail('outside of every test', [error]);
    writeFileSync(process.env.TALLY_FILE, JSON.stringify(tally));
  }
}
