import { rename, writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';

/**
 * Loaded into the service before its own code (`--import`): one SIGUSR2 begins a CPU profile, the next one writes it to
 * `BENCH_PROFILE`. Node.js's own `--cpu-prof` would count the start and the warm-up, too.
 */
const file = process.env['BENCH_PROFILE'] ?? 'bench.cpuprofile';
const session = new Session();
session.connect();
await session.post('Profiler.enable');
let isRunning = false;

process.on('SIGUSR2', () => void toggle());

async function toggle(): Promise<void> {
  isRunning = !isRunning;
  if (isRunning) {
    await session.post('Profiler.start');
  } else {
    const { profile } = await session.post('Profiler.stop');
    // Whoever waits for the file sees a whole one.
    await writeFile(`${file}.part`, JSON.stringify(profile));
    await rename(`${file}.part`, file);
  }
}
