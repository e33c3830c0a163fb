import { describe } from '@jest/globals';

/** CI sets it: a service that is missing then fails the run instead of skipping its tests. */
const servicesRequired = process.env['REQUIRE_SERVICES'] === '1';

/**
 * A group of tests that needs something which may not be on this machine.
 *
 * Without it the group is skipped under a name that says what was missing; with `REQUIRE_SERVICES=1` it fails.
 *
 * @param missing what is missing, or null when all is there
 */
export function describeWith(missing: string | null, name: string, tests: () => void): void {
  if (missing === null) {
    describe(name, tests);
  } else if (servicesRequired) {
    describe(name, () => {
      throw new Error(`REQUIRE_SERVICES=1, but ${missing}`);
    });
  } else {
    process.stderr.write(`SKIPPED: ${name}: ${missing}\n`);
    describe.skip(`${name} [SKIPPED: ${missing}]`, tests);
  }
}
