import { type MockEnrichment, startMockEnrichment } from '../../mock-enrichment/start-mock-enrichment.ts';
import { createLogger } from '../../src/platform/telemetry/logger.ts';
import { createProfiles, profilesConfig } from '../../src/profiles/index.ts';
import type { Engine } from './engines.ts';

/** The whole service, with the mock provider, on free ports and a database of its own. */
export interface RunningProfiles {
  readonly url: string;
  readonly mock: MockEnrichment;
  /** What was logged so far, parsed. */
  readonly logged: readonly Record<string, unknown>[];
  stop(): Promise<void>;
}

export async function startProfiles(engine: Engine, env: Record<string, string> = {}): Promise<RunningProfiles> {
  const database = await engine.create();
  const running = await startProfilesOn(database.url, env);
  return {
    ...running,
    stop: async () => {
      await running.stop();
      await database.drop();
    },
  };
}

/** Another instance of the service, on a database that there is. */
export async function startProfilesOn(databaseUrl: string, env: Record<string, string> = {}): Promise<RunningProfiles> {
  const mock = await startMockEnrichment({ port: 0 });
  const logged: Record<string, unknown>[] = [];
  const logger = createLogger({
    level: 'debug',
    service: 'test',
    destination: { write: (line) => void logged.push(JSON.parse(line)) },
  });
  const config = profilesConfig({
    DATABASE_URL: databaseUrl,
    ENRICHMENT_URL: mock.url,
    HOST: '127.0.0.1',
    PORT: '0',
    SHUTDOWN_DRAIN_MS: '0',
    SHUTDOWN_GRACE_MS: '2000',
    ...env,
  });
  const profiles = createProfiles(config, { applyMigrations: true, logger });
  const { port, schemaReady } = await profiles.start();
  await schemaReady;
  return {
    url: `http://127.0.0.1:${port}`,
    mock,
    logged,
    stop: async () => {
      await profiles.stop();
      await mock.stop();
    },
  };
}
