import { readEnv } from '../platform/config/env.ts';
import { createLifecycle } from '../platform/lifecycle.ts';
import { runProcess } from '../platform/process.ts';
import { ProcessFailure } from '../platform/process-failure.ts';
import {
  databaseConfig,
  openMigrator,
  openSeed,
  parseSeedCommand,
  runSeedCommand,
  seedUsage,
} from '../profiles/index.ts';

/**
 * `npm run seed [-- --count 10000] [--database-url …]`: plausible users, always the same, by the service's own use case.
 * Without a database it takes the SQLite file of `npm start`, and like that makes the schema of such a file itself.
 */
const lifecycle = createLifecycle();

await runProcess(lifecycle, async () => {
  const command = parseSeedCommand(process.argv.slice(2));
  if (command === null) {
    process.stderr.write(seedUsage);
    process.exit(64); // sysexits.h EX_USAGE
  }
  const given = command.databaseUrl === null ? {} : { DATABASE_URL: command.databaseUrl };
  const config = databaseConfig({ DATABASE_URL: 'sqlite:data/profiles.sqlite', ...readEnv(), ...given });

  const { migrator, close: closeMigrator } = openMigrator(config, { applies: true });
  try {
    if (config.location.engine === 'sqlite') await migrator.up();
    else if ((await migrator.status()).pending.length > 0)
      throw new ProcessFailure('The schema is not up to date. Run `npm run migrate` first.');
  } finally {
    await closeMigrator();
  }

  const { close, ...seed } = openSeed(config);
  lifecycle.onStop('database', close);
  const ending = new AbortController();
  const output = { out: process.stdout, progress: process.stderr, signal: ending.signal };
  const running = runSeedCommand(seed, command.count, output);
  lifecycle.onStop('seed', async () => {
    ending.abort();
    await running.catch(() => {});
  });
  process.exitCode = await running;
  await lifecycle.stop();
});
