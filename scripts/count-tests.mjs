// Adds up vitest's JSON reports, names what failed, and prints the closing line of .ci/run. Fails when a test failed, or when none ran.
import { readFileSync } from 'node:fs';

const totals = { passed: 0, failed: 0, skipped: 0 };
for (const path of process.argv.slice(2)) {
  const report = JSON.parse(readFileSync(path, 'utf8'));
  totals.passed += report.numPassedTests;
  // A file that could not be loaded has no failed test, but failed all the same.
  const broken = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  totals.failed += report.numFailedTests + broken.length;
  for (const file of report.testResults) {
    const failed = file.assertionResults.filter(({ status }) => status === 'failed');
    const [firstLine] = (failed[0]?.failureMessages[0] ?? file.message ?? '').split('\n');
    if (file.status === 'failed')
      console.log(`FAILED ${file.name}: ${failed.map(({ fullName }) => fullName).join('; ')}: ${firstLine}`);
  }
  totals.skipped += report.numPendingTests + report.numTodoTests;
}
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exitCode = totals.failed > 0 || totals.passed === 0 ? 1 : 0;
