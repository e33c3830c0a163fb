import { ExportResultCode } from '@opentelemetry/core';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { EventStream } from './event-stream.ts';
import type { TraceExportEvent } from './trace-export.ts';

/** An exporter that tells whether its exports succeed. */
export class WatchedExporter implements SpanExporter {
  readonly #exporter: SpanExporter;
  readonly #events: EventStream<TraceExportEvent>;
  #failing = false;
  #lostSpans = 0;

  constructor(exporter: SpanExporter, events: EventStream<TraceExportEvent>) {
    this.#exporter = exporter;
    this.#events = events;
  }

  export(...[spans, done]: Parameters<SpanExporter['export']>): void {
    this.#exporter.export(spans, (result) => {
      if (result.code === ExportResultCode.SUCCESS) this.#succeeded();
      else this.failed(reasonOf(result.error), spans.length);
      done(result);
    });
  }

  async shutdown(): Promise<void> {
    await this.#exporter.shutdown();
  }

  failed(reason: string, lostSpans: number): void {
    this.#lostSpans += lostSpans;
    if (!this.#failing) this.#events.emit({ type: 'export-failed', reason });
    this.#failing = true;
  }

  #succeeded(): void {
    if (this.#failing) this.#events.emit({ type: 'export-recovered', lostSpans: this.#lostSpans });
    this.#failing = false;
    this.#lostSpans = 0;
  }
}

/** A status, a system's code, or the exporter's own words; not what the receiver has answered. */
function reasonOf(error: (Error & { readonly code?: unknown }) | undefined): string {
  if (error === undefined) return 'unknown';
  const { code } = error;
  return typeof code === 'string' || typeof code === 'number' ? String(code) : error.message;
}
