import { parseArgs } from 'node:util';
import { readEnv } from '../platform/config/env.ts';
import { createLifecycle } from '../platform/lifecycle.ts';
import { runProcess } from '../platform/process.ts';
import { databaseConfig, openMigrator } from '../profiles/index.ts';

/** `npm run migrate [-- up | status]`: brings the schema up to date, or says what is pending. Forward only. */
const lifecycle = createLifecycle();
const print = (line: string) => process.stdout.write(`${line}\n`);

await runProcess(lifecycle, async () => {
  const command = parseArgs({ allowPositionals: true }).positionals[0] ?? 'up';
  if (command !== 'up' && command !== 'status') {
    process.stderr.write('usage: npm run migrate [-- up | status]\n');
    process.exit(64); // sysexits.h EX_USAGE
  }
  const { migrator, close } = openMigrator(databaseConfig(readEnv()), { applies: true });
  lifecycle.onStop('database', close);

  if (command === 'up') {
    const applied = await migrator.up();
    print(applied.length === 0 ? 'The schema is up to date.' : applied.map((name) => `applied  ${name}`).join('\n'));
  } else {
    const { executed, pending } = await migrator.status();
    for (const name of executed) print(`applied  ${name}`);
    for (const name of pending) print(`pending  ${name}`);
  }
  await lifecycle.stop();
});
