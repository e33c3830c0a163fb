import { writeSync } from 'node:fs';

/**
 * Loaded into a service under test (`node --expose-gc --import`): at SIGUSR2 it says what the process holds, after a
 * garbage collection.
 */
process.on('SIGUSR2', () => {
  globalThis.gc();
  const held = {};
  for (const kind of process.getActiveResourcesInfo()) held[kind] = (held[kind] ?? 0) + 1;
  writeSync(2, `VITALS ${JSON.stringify({ heapBytes: process.memoryUsage().heapUsed, held })}\n`);
});
