import { readEnv } from '../src/platform/config/env.ts';
import { createProfiles, profilesConfig } from '../src/profiles/index.ts';
import { reportToBenchmark } from './measured-process.ts';

/** The service, which tells the benchmark what it has cost. */
const profiles = createProfiles(profilesConfig(readEnv()), { applyMigrations: true });
process.once('SIGTERM', () => void profiles.stop({ drainMs: 0 }).finally(() => process.exit()));
const { port, schemaReady } = await profiles.start();
await schemaReady;
reportToBenchmark(`http://127.0.0.1:${port}`);
