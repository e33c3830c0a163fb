import { readEnvironment } from '../../mock-enrichment/read-environment.ts';
import { startMockEnrichment } from '../../mock-enrichment/start-mock-enrichment.ts';
import { readEnv } from '../platform/config/env.ts';
import { ConfigurationError, problemsOf } from '../platform/config/parse-config.ts';
import { createLifecycle } from '../platform/lifecycle.ts';
import { runProcess } from '../platform/process.ts';
import { prettyLines } from '../platform/telemetry/pretty-lines.ts';
import { createProfiles, type ProfilesConfig, profilesConfig } from '../profiles/index.ts';
import { banner } from './banner.ts';

/** `npm start`: the service over a SQLite file, with the mock provider beside it unless ENRICHMENT_URL names another. */
const lifecycle = createLifecycle();

await runProcess(lifecycle, async (host) => {
  const env = readEnv();
  const embedded = {
    DATABASE_URL: 'sqlite:data/profiles.sqlite',
    ENRICHMENT_URL: 'http://127.0.0.1',
    SERVER_TIMING: 'true',
    OPS_CONTROLS: 'true',
    ...env,
  };
  const mock = readEnvironment(env);
  const problems = [
    ...(mock.kind === 'invalid' ? mock.problems : []),
    ...problemsOf(() => oneProcess(profilesConfig(embedded))),
  ];
  if (mock.kind === 'invalid' || problems.length > 0) throw new ConfigurationError(problems);

  if (env['ENRICHMENT_URL'] === undefined) {
    const provider = await startMockEnrichment(mock.settings);
    lifecycle.onStop('mock enrichment service', async () => await provider.stop());
    embedded.ENRICHMENT_URL = provider.url;
  }
  const profiles = createProfiles(profilesConfig(embedded), {
    applyMigrations: true,
    // Programs that read the log find it as in production.
    ...(process.stdout.isTTY ? { logDestination: prettyLines() } : {}),
  });
  host.logTo(profiles.logger);
  // Whoever presses Ctrl-C waits: there is nobody to drain for, and requests get less time to finish than in production.
  lifecycle.onStop('profiles', (reason) => profiles.stop({ reason, drainMs: 0, graceMs: 750 }));
  const { port, schemaReady } = await profiles.start();
  if (!(await schemaReady)) return;
  process.stdout.write(
    banner({ port, providerUrl: embedded.ENRICHMENT_URL, mocked: env['ENRICHMENT_URL'] === undefined }),
  );
});

/** A terminal that is closed would restart workers where it is to end the service, and SQLite takes one writer at a time. */
function oneProcess({ workers }: ProfilesConfig): void {
  if (workers > 1)
    throw new ConfigurationError(['WORKERS must be 1 with npm start; npm run start:production takes more']);
}
