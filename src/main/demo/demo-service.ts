import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type MockEnrichment, startMockEnrichment } from '../../../mock-enrichment/start-mock-enrichment.ts';
import type { Env } from '../../platform/config/env.ts';
import type { Lifecycle } from '../../platform/lifecycle.ts';
import { createProfiles, profilesConfig } from '../../profiles/index.ts';

/** The service of the demo, over a file of its own, with what can happen to it. */
export interface DemoService {
  readonly url: string;
  /** How long the breaker around the provider waits before it tries again. */
  readonly resetMs: number;
  readonly logPath: string;
  slowProvider(latencyMs: number): void;
  /** The provider's port is closed: connections are refused. */
  killProvider(): Promise<void>;
  reviveProvider(): Promise<void>;
  /** Another process takes the write lock of the file: whoever writes waits. */
  freezeDatabase(): Promise<void>;
  /** That process is killed. */
  thawDatabase(): Promise<void>;
  /** Its log outlives the stop. */
  keepLog(): void;
}

/** @param settings of the calls to the provider, where they shall differ from the defaults */
export async function startDemoService(settings: Env, lifecycle: Lifecycle): Promise<DemoService> {
  const folder = await mkdtemp(join(tmpdir(), 'profiles-demo-'));
  const file = join(folder, 'profiles.sqlite');
  const logPath = join(folder, 'service.log');
  const log = createWriteStream(logPath);
  let keepsLog = false;
  lifecycle.onStop('files', async () => {
    await new Promise((resolve) => log.end(resolve));
    await rm(keepsLog ? file : folder, { recursive: true });
  });
  let provider: MockEnrichment = await startMockEnrichment({ port: 0 });
  const { port: providerPort } = provider;
  lifecycle.onStop('provider', async () => await provider.stop());

  const config = profilesConfig({
    ...settings,
    DATABASE_URL: `sqlite:${file}`,
    ENRICHMENT_URL: provider.url,
    HOST: '127.0.0.1',
    PORT: '0',
  });
  const profiles = createProfiles(config, { applyMigrations: true, logDestination: log });
  lifecycle.onStop('profiles', (reason) => profiles.stop({ reason, drainMs: 0, graceMs: 2_000 }));
  const { port, schemaReady } = await profiles.start();
  if (!(await schemaReady)) throw new Error('The demo was stopped at its start.');

  let holder: ChildProcess | undefined;
  const thawDatabase = async (): Promise<void> => {
    const running = holder;
    holder = undefined;
    // Ctrl-C reaches it as well.
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const exited = once(running, 'exit');
    running.kill('SIGKILL');
    await exited;
  };
  lifecycle.onStop('frozen database', thawDatabase);

  return {
    url: `http://127.0.0.1:${port}`,
    resetMs: config.enrichment.breaker.resetMs,
    logPath,
    slowProvider: (latencyMs) => void provider.control.change({ mode: 'slow', latencyMs }),
    killProvider: async () => await provider.stop(),
    reviveProvider: async () => {
      provider = await startMockEnrichment({ port: providerPort });
    },
    freezeDatabase: async () => {
      const program = fileURLToPath(new URL('./hold-write-lock.ts', import.meta.url));
      const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, file], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      holder = child;
      await Promise.race([
        once(child.stdout, 'data'),
        once(child, 'exit').then(() => {
          throw new Error('The process that was to hold the lock has ended.');
        }),
      ]);
    },
    thawDatabase,
    keepLog: () => {
      keepsLog = true;
    },
  };
}
