import { readEnv } from '../platform/config/env.ts';
import { createLifecycle } from '../platform/lifecycle.ts';
import { runProcess } from '../platform/process.ts';
import { superviseWorkers } from '../platform/workers/supervise-workers.ts';
import { linkToSupervisor } from '../platform/workers/supervisor-link.ts';
import { profilesConfig, serviceName } from '../profiles/config.ts';

/** The profile service in production: MySQL or MariaDB, migrations applied by a step of their own. */
const lifecycle = createLifecycle();

await runProcess(lifecycle, async (host) => {
  const env = readEnv();
  const config = profilesConfig(env);
  const supervisor = linkToSupervisor(host, env);
  if (config.workers > 1 && supervisor === null) {
    await superviseWorkers(config, { service: serviceName, host, lifecycle });
    return;
  }
  // A supervisor does without all of this.
  const { createProfiles } = await import('../profiles/index.ts');
  const profiles = createProfiles(config, { applyMigrations: false, supervisor });
  host.logTo(profiles.logger);
  lifecycle.onStop('profiles', (reason) => profiles.stop({ reason }));
  await profiles.start();
});
