import { readEnv } from '../platform/config/env.ts';
import { createLifecycle } from '../platform/lifecycle.ts';
import { runProcess } from '../platform/process.ts';
import { createProfiles, profilesConfig } from '../profiles/index.ts';

/** The profile service in production: MySQL or MariaDB, migrations applied by a step of their own. */
const lifecycle = createLifecycle();

await runProcess(lifecycle, async (host) => {
  const profiles = createProfiles(profilesConfig(readEnv()), { applyMigrations: false });
  host.logTo(profiles.logger);
  lifecycle.onStop('profiles', (reason) => profiles.stop({ reason }));
  await profiles.start();
});
