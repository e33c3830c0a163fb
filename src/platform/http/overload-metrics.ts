import { Counter, type Registry } from 'prom-client';
import type { DatabaseAdmission } from '../database/database-admission.ts';
import type { DatabaseEvent } from '../database/database-events.ts';
import type { EventSource } from '../telemetry/event-stream.ts';
import { gaugeOnScrape, startAtZero } from '../telemetry/metrics.ts';
import type { HttpEvent } from './http-events.ts';

/**
 * Counts what was refused because there was too much to do, and shows the line in front of the database.
 *
 * @returns a function that ends it
 */
export function recordOverload(
  sources: {
    readonly http: EventSource<HttpEvent>;
    readonly database: EventSource<DatabaseEvent>;
    readonly admission: Pick<DatabaseAdmission, 'usage'>;
  },
  registry: Registry,
): () => void {
  const { http, database, admission } = sources;
  const registers = [registry];
  const shed = new Counter({
    name: 'http_requests_shed_total',
    help: 'Requests answered with 503 overloaded before they cost anything.',
    labelNames: ['reason'],
    registers,
  });
  startAtZero(shed, [{ reason: 'queue-full' }, { reason: 'queue-timeout' }, { reason: 'event-loop' }]);

  for (const [key, name, help] of [
    ['inUse', 'database_admission_in_use', 'Reads and changes that are at the database.'],
    ['queued', 'database_admission_queued', 'Reads and changes that wait for their turn.'],
    ['limit', 'database_admission_limit', 'Reads and changes that may be at the database at once.'],
  ] as const) {
    gaugeOnScrape(registry, { name, help }, (gauge) => gauge.set(admission.usage()[key]));
  }

  const endings = [
    http.subscribe((event) => {
      if (event.type === 'request-shed') shed.inc({ reason: event.reason });
    }),
    database.subscribe((event) => {
      if (event.type === 'admission-refused') shed.inc({ reason: event.reason });
    }),
  ];
  return () => {
    for (const end of endings) end();
  };
}
