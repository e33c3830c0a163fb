import type { Registry } from 'prom-client';
import type { EventSource } from '../telemetry/event-stream.ts';
import { histogramOnScrape } from '../telemetry/histogram-on-scrape.ts';
import { counterOnScrape, durationBuckets, gaugeOnScrape } from '../telemetry/metrics.ts';
import type { HttpEvent } from './http-events.ts';
import { RequestCounts } from './request-counts.ts';

/**
 * Counts requests by method and route template, which have a bound whatever clients send.
 *
 * @returns a function that ends it
 */
export function recordHttp(events: EventSource<HttpEvent>, registry: Registry): () => void {
  const counts = new RequestCounts(durationBuckets);
  register(counts, registry);

  return events.subscribe((event) => {
    switch (event.type) {
      case 'request-started':
        return counts.started();
      case 'request-shed':
        return counts.answeredUnseen(event.method, 503, 'overloaded');
      case 'request-unreadable':
        return counts.answeredUnseen('OTHER', event.status, event.code);
      case 'answer-failed':
        // It is counted where it ends, as one that was abandoned.
        return undefined;
      case 'request-ended': {
        counts.ended();
        const { method, route, status, code } = event;
        if (event.isStream && status !== undefined) return counts.streamed(method, route, status);
        if (event.abandoned || status === undefined) return counts.abandoned(method, route);
        return counts.answered(method, route, status, code, event.durationMs / 1_000);
      }
      default:
        return event satisfies never;
    }
  });
}

function register(counts: RequestCounts, registry: Registry): void {
  const labelNames = ['method', 'route'] as const;
  counterOnScrape(
    registry,
    { name: 'http_requests_total', help: 'Answered requests by status.', labelNames: [...labelNames, 'status'] },
    () => counts.byStatus(),
  );
  histogramOnScrape(
    registry,
    {
      name: 'http_request_duration_seconds',
      help: 'From the headers of an answered request to its answer handed to the socket.',
      labelNames,
      buckets: durationBuckets,
    },
    () => counts.durations(),
  );
  gaugeOnScrape(registry, { name: 'http_requests_in_flight', help: 'Requests under way.' }, (gauge) =>
    gauge.set(counts.inFlight),
  );
  counterOnScrape(
    registry,
    {
      name: 'http_requests_abandoned_total',
      help: 'Requests that ended before their answer had gone out.',
      labelNames,
    },
    () => counts.abandonments(),
  );
  counterOnScrape(
    registry,
    { name: 'http_problems_total', help: 'Error answers by problem code.', labelNames: ['code'] },
    () => counts.problems(),
  );
}
