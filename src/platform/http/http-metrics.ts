import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { EventSource } from '../telemetry/event-stream.ts';
import { durationBuckets } from '../telemetry/metrics.ts';
import type { HttpEvent } from './http-events.ts';
import { knownMethods } from './known-methods.ts';

/**
 * Counts requests by method and route template, which have a bound whatever clients send.
 *
 * @returns a function that ends it
 */
export function recordHttp(events: EventSource<HttpEvent>, registry: Registry): () => void {
  const registers = [registry];
  const labelNames = ['method', 'route'] as const;
  const requests = new Counter({
    name: 'http_requests_total',
    help: 'Answered requests by status.',
    labelNames: [...labelNames, 'status'],
    registers,
  });
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'From the headers of an answered request to its answer handed to the socket.',
    labelNames,
    buckets: durationBuckets,
    registers,
  });
  const inFlight = new Gauge({ name: 'http_requests_in_flight', help: 'Requests under way.', registers });
  const abandoned = new Counter({
    name: 'http_requests_abandoned_total',
    help: 'Requests that ended before their answer had gone out.',
    labelNames,
    registers,
  });
  const problems = new Counter({
    name: 'http_problems_total',
    help: 'Error answers by problem code.',
    labelNames: ['code'],
    registers,
  });

  return events.subscribe((event) => {
    switch (event.type) {
      case 'request-started':
        return inFlight.inc();
      case 'request-shed':
        requests.inc({ method: methodLabel(event.method), route: 'unmatched', status: 503 });
        return problems.inc({ code: 'overloaded' });
      case 'request-unreadable': {
        const { status, code } = event;
        requests.inc({ method: 'OTHER', route: 'unmatched', status });
        return problems.inc({ code });
      }
      case 'request-ended': {
        inFlight.dec();
        const { route, status, code } = event;
        const method = methodLabel(event.method);
        if (event.abandoned || status === undefined) return abandoned.inc({ method, route });
        requests.inc({ method, route, status });
        durations.observe({ method, route }, event.durationMs / 1_000);
        if (code !== undefined) problems.inc({ code });
        return undefined;
      }
      default:
        return event satisfies never;
    }
  });
}

function methodLabel(method: string): string {
  return knownMethods.has(method) ? method : 'OTHER';
}
