import { readdirSync, readFileSync } from 'node:fs';
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import { Counter, Gauge, type Registry } from 'prom-client';
import { gaugeOnScrape } from './metrics.ts';
import { recordRuntime } from './runtime-metrics.ts';

/**
 * Shows how the process itself fares, under the names of prom-client's own collectors, which dashboards know.
 *
 * Not by `collectDefaultMetrics`: its observers of garbage collection and of the event loop cannot be stopped, it drops
 * all but the first of the collections that it is told of together, and three of its gauges have names of counters,
 * which `promtool check metrics` refuses.
 *
 * @returns a function that ends the observers; what was measured stays readable
 */
export function recordProcess(registry: Registry): () => void {
  recordUsage(registry);
  recordHeap(registry);
  recordResources(registry);
  return recordRuntime(registry);
}

function recordUsage(registry: Registry): void {
  const registers = [registry];
  const startedAt = Math.round(Date.now() / 1_000 - process.uptime());
  gaugeOnScrape(
    registry,
    // The first of several processes is the one that the others come and go with.
    { name: 'process_start_time_seconds', help: 'Start of the process since the Unix epoch.', aggregator: 'min' },
    (each) => each.set(startedAt),
  );
  gauge(registry, 'process_resident_memory_bytes', 'Resident memory.', () =>
    unlessFilesRanOut(() => process.memoryUsage.rss()),
  );

  let seen = { user: 0, system: 0 };
  const user = new Counter({
    name: 'process_cpu_user_seconds_total',
    help: 'CPU time spent in the process itself.',
    registers,
    // Collectors run in the order of registration, so this one sets all three.
    collect() {
      const usage = process.cpuUsage();
      const grown = { user: (usage.user - seen.user) / 1e6, system: (usage.system - seen.system) / 1e6 };
      seen = usage;
      user.inc(grown.user);
      system.inc(grown.system);
      total.inc(grown.user + grown.system);
    },
  });
  const system = new Counter({
    name: 'process_cpu_system_seconds_total',
    help: 'CPU time spent in the system on behalf of the process.',
    registers,
  });
  const total = new Counter({ name: 'process_cpu_seconds_total', help: 'CPU time spent.', registers });
}

function recordHeap(registry: Registry): void {
  gauge(registry, 'nodejs_heap_size_total_bytes', 'Heap that V8 has taken.', () => getHeapStatistics().total_heap_size);
  gauge(registry, 'nodejs_heap_size_used_bytes', 'Heap in use.', () => getHeapStatistics().used_heap_size);
  gauge(
    registry,
    'nodejs_external_memory_bytes',
    'Memory outside of the heap that its objects hold.',
    () => getHeapStatistics().external_memory,
  );
  const sizes = [
    ['total', 'space_size'],
    ['used', 'space_used_size'],
    ['available', 'space_available_size'],
  ] as const;
  for (const [size, member] of sizes) {
    gaugeOnScrape(
      registry,
      {
        name: `nodejs_heap_space_size_${size}_bytes`,
        help: `Heap by space, ${size}.`,
        labelNames: ['space'],
      },
      (spaces) => {
        for (const space of getHeapSpaceStatistics()) {
          spaces.set({ space: space.space_name.replace(/_space$/, '') }, space[member]);
        }
      },
    );
  }
}

function recordResources(registry: Registry): void {
  gaugeOnScrape(
    registry,
    { name: 'nodejs_active_resources', help: 'What keeps the event loop alive, by type.', labelNames: ['type'] },
    (resources) => {
      resources.reset();
      for (const type of process.getActiveResourcesInfo()) resources.inc({ type });
    },
  );
  const [major = '', minor = '', patch = ''] = process.versions.node.split('.');
  new Gauge({
    name: 'nodejs_version_info',
    help: 'The version of Node.js, in its labels; always 1.',
    labelNames: ['version', 'major', 'minor', 'patch'],
    aggregator: 'max',
    registers: [registry],
  }).set({ version: process.version, major, minor, patch }, 1);

  // Only Linux tells these.
  if (process.platform !== 'linux') return;
  // What is read here is the kernel's memory, not a disk.
  const limit = Number(/^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? Number.NaN);
  gauge(registry, 'process_open_fds', 'Open file descriptors.', () => unlessFilesRanOut(countOpenFiles) ?? limit);
  gauge(registry, 'process_max_fds', 'Open file descriptors at most.', () => limit);
}

/** The listing has one open itself. */
function countOpenFiles(): number {
  return readdirSync('/proc/self/fd').length - 1;
}

/**
 * A scrape that fails when no file can be opened any more would hide just what it is to show.
 *
 * @returns null when `read` would have had to open one
 */
function unlessFilesRanOut(read: () => number): number | null {
  try {
    return read();
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'EMFILE') return null;
    throw error;
  }
}

/** What cannot be read is left out. */
function gauge(registry: Registry, name: string, help: string, read: () => number | null): void {
  gaugeOnScrape(registry, { name, help }, (each) => {
    const value = read();
    if (value === null) each.remove();
    else each.set(value);
  });
}
