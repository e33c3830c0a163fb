/** What the three projects share: ESM sources, types stripped by Node.js itself. */
const shared = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/tests/helpers/strip-types-transformer.mjs' },
  injectGlobals: false,
};

const project = (name, folders) => ({
  ...shared,
  displayName: name,
  testMatch: folders.map((folder) => `<rootDir>/tests/${folder}/**/*.test.ts`),
});

export default {
  projects: [
    project('unit', ['unit', 'architecture']),
    project('integration', ['contract', 'integration']),
    project('system', ['system', 'e2e']),
  ],
  testTimeout: 20_000,
};
