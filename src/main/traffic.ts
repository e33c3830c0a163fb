import { createLifecycle } from '../platform/lifecycle.ts';
import { runProcess } from '../platform/process.ts';
import { parseTrafficCommand, runTraffic, trafficUsage } from '../traffic/index.ts';

/** `npm run traffic [-- --rate 50 --url … --seconds n]`: what clients send, against a service that runs. */
const lifecycle = createLifecycle();

await runProcess(lifecycle, async (host) => {
  const command = parseTrafficCommand(process.argv.slice(2));
  if (command === null) {
    process.stderr.write(trafficUsage);
    process.exit(64); // sysexits.h EX_USAGE
  }
  // `npm run traffic | head` would else go on for ever, unseen.
  process.stdout.once('error', () => host.stop('nobody reads'));
  const ending = new AbortController();
  const running = runTraffic(command, {
    signal: ending.signal,
    print: (line) => void process.stdout.write(`${line}\n`),
  });
  lifecycle.onStop('traffic', async () => {
    ending.abort();
    await running.catch(() => {});
  });
  process.exitCode = await running;
  await lifecycle.stop();
});
