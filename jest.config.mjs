import { availableParallelism } from 'node:os';

/** What the projects share: ESM sources, types stripped by Node.js itself. */
const shared = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/tests/helpers/strip-types-transformer.mjs' },
  injectGlobals: false,
  // What `npm run verify` builds has a package.json of the same name.
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
};

/**
 * System tests that have the machine for themselves: of what these measure, or wait for, a neighbour would take its share.
 * The others wait half of their time for processes and servers to start.
 */
const alone = [
  'e2e/dashboard',
  'system/acceptance',
  'system/bench',
  'system/cache-away',
  'system/cache-frozen',
  'system/cache-paused',
  'system/database-away',
  'system/database-frozen',
  'system/demo',
  'system/embedded',
  'system/leaks',
  'system/overload',
  'system/process-end',
  'system/rolling-restart',
  'system/slow-clients',
  'system/traces',
].map((name) => `<rootDir>/tests/${name}.test.ts`);

const project = (name, folders) => ({
  ...shared,
  displayName: name,
  testMatch: folders.map((folder) => `<rootDir>/tests/${folder}/**/*.test.ts`),
});

export default {
  projects: [
    project('unit', ['unit', 'architecture']),
    project('integration', ['contract', 'integration']),
    { ...project('system', ['system', 'e2e']), testPathIgnorePatterns: alone },
    { ...shared, displayName: 'alone', testMatch: alone, runner: '<rootDir>/tests/helpers/serial-runner.mjs' },
  ],
  testTimeout: 20_000,
  // With two cores Jest would use one of them, though tests wait half of the time.
  maxWorkers: Math.max(2, availableParallelism() - 1),
};
