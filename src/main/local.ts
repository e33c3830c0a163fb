import { readEnvironment } from '../../mock-enrichment/read-environment.ts';
import { startMockEnrichment } from '../../mock-enrichment/start-mock-enrichment.ts';
import { readEnv } from '../platform/config/env.ts';
import { ConfigurationError, problemsOf } from '../platform/config/parse-config.ts';
import { createLifecycle } from '../platform/lifecycle.ts';
import { runProcess } from '../platform/process.ts';
import { createProfiles, profilesConfig } from '../profiles/index.ts';
import { banner } from './banner.ts';

/** `npm start`: the service over a SQLite file, with the mock provider beside it unless ENRICHMENT_URL names another. */
const lifecycle = createLifecycle();

await runProcess(lifecycle, async () => {
  const env = readEnv();
  const mock = readEnvironment(env);
  const mockUrl = `http://127.0.0.1:${mock.kind === 'valid' ? mock.settings.port : 0}`;
  const configOf = () =>
    profilesConfig({ DATABASE_URL: 'sqlite:data/profiles.sqlite', ENRICHMENT_URL: mockUrl, ...env });
  if (mock.kind === 'invalid') throw new ConfigurationError([...mock.problems, ...problemsOf(configOf)]);
  const config = configOf();

  if (env['ENRICHMENT_URL'] === undefined) {
    const provider = await startMockEnrichment(mock.settings);
    lifecycle.onStop('mock enrichment service', () => provider.stop());
  }
  // Whoever presses Ctrl-C waits: requests get less time to finish here than in production.
  const profiles = createProfiles(config, { applyMigrations: true });
  lifecycle.onStop('profiles', () => profiles.stop(500));
  const { port, schemaReady } = await profiles.start();
  await schemaReady;
  process.stdout.write(
    banner({ port, providerUrl: config.enrichment.url, mocked: env['ENRICHMENT_URL'] === undefined }),
  );
});
