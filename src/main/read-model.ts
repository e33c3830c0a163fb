import { readEnv } from '../platform/config/env.ts';
import { createLifecycle } from '../platform/lifecycle.ts';
import { runProcess } from '../platform/process.ts';
import {
  databaseConfig,
  openReadModel,
  parseReadModelCommand,
  readModelUsage,
  runReadModelCommand,
} from '../profiles/index.ts';

/** `npm run read-model -- status | check | rebuild | suspend`: holds what queries read against what commands wrote. */
const lifecycle = createLifecycle();

await runProcess(lifecycle, async () => {
  const command = parseReadModelCommand(process.argv.slice(2));
  if (command === null) {
    process.stderr.write(readModelUsage);
    process.exit(64); // sysexits.h EX_USAGE
  }
  const { readModel, close } = openReadModel(databaseConfig(readEnv()));
  lifecycle.onStop('database', close);
  const ending = new AbortController();
  const output = { out: process.stdout, progress: process.stderr, signal: ending.signal };
  const running = runReadModelCommand(readModel, command, output);
  lifecycle.onStop('read model', async () => {
    ending.abort();
    await running.catch(() => {});
  });
  process.exitCode = await running;
  await lifecycle.stop();
});
