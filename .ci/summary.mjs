import { readFileSync } from 'node:fs';

/**
 * Adds up what Jest has counted in `<run>.json` for each run that it is given, and prints it on one line. Fails when
 * anything has.
 */
const total = { passed: 0, failed: 0, skipped: 0 };
for (const run of process.argv.slice(2)) {
  const results = read(`${run}.json`);
  total.passed += results.numPassedTests;
  total.skipped += results.numPendingTests + results.numTodoTests;
  // A file that could not be run has no tests to count; it is one failure.
  const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
  // So is a run that ended badly although its tests passed: one that did not end in time, say.
  const endedWell = Number(readFileSync(`${run}.status`, 'utf8')) === 0;
  total.failed += failed === 0 && !endedWell ? 1 : failed;
}
process.stdout.write(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
process.exitCode = total.failed === 0 ? 0 : 1;

/** A run that broke off has written nothing. */
function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    return { numPassedTests: 0, numFailedTests: 1, numRuntimeErrorTestSuites: 0, numPendingTests: 0, numTodoTests: 0 };
  }
}
