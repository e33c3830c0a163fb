import { parseArgs } from 'node:util';
import { readEnv } from '../platform/config/env.ts';
import { createLifecycle } from '../platform/lifecycle.ts';
import { runProcess } from '../platform/process.ts';
import { DemoScreen } from './demo/demo-screen.ts';
import { startDemoService } from './demo/demo-service.ts';
import { fastPace, fullPace, tellStory } from './demo/tell-story.ts';

/**
 * `npm run demo [-- --fast]`: what the service does while the provider and the database fail, in about a minute, with
 * a service, a provider and a database of its own. Exits 1 when something was not as promised.
 *
 * The settings `ENRICHMENT_*` hold for it, so that one can see what they do; the others have their defaults.
 */
const lifecycle = createLifecycle();

await runProcess(lifecycle, async () => {
  const isFast = parseFast(process.argv.slice(2));
  if (isFast === null) {
    process.stderr.write('usage: npm run demo [-- --fast]\n');
    process.exit(64); // sysexits.h EX_USAGE
  }
  const given = Object.entries(readEnv()).filter(([name]) => name.startsWith('ENRICHMENT_'));
  const settings = { ...(isFast ? { ENRICHMENT_BREAKER_RESET_MS: '3000' } : {}), ...Object.fromEntries(given) };
  const service = await startDemoService(settings, lifecycle);

  const ending = new AbortController();
  const screen = new DemoScreen(process.stdout);
  const telling = tellStory(service, { pace: isFast ? fastPace : fullPace, screen, signal: ending.signal });
  lifecycle.onStop('story', async () => {
    ending.abort();
    // Changes that it holds up would be waited for.
    await service.thawDatabase();
    await telling.catch(() => {});
  });
  const isKept = await telling;
  if (!isKept) {
    service.keepLog();
    process.stdout.write(`\nNot all was as promised. What the service has logged is in ${service.logPath}\n`);
  }
  process.exitCode = isKept ? 0 : 1;
  await lifecycle.stop();
});

/** @returns null when the arguments are wrong */
function parseFast(args: readonly string[]): boolean | null {
  try {
    return parseArgs({ args: [...args], options: { fast: { type: 'boolean', default: false } } }).values.fast;
  } catch {
    return null;
  }
}
