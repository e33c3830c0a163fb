import { expect, it } from '@jest/globals';
import { ExportResultCode, type ExportResult } from '@opentelemetry/core';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';
import { logTraceExport, type TraceExportEvent } from '../../../src/platform/telemetry/trace-export.ts';
import { WatchedExporter } from '../../../src/platform/telemetry/watched-exporter.ts';

/** What is logged when exports of so many spans end so. */
function linesAfter(...results: readonly (readonly [spans: number, error?: Error & { code?: unknown }])[]): object[] {
  const events = new EventStream<TraceExportEvent>((error) => {
    throw error;
  });
  const lines: object[] = [];
  const line = (level: string) => (fields: object, message: string) => void lines.push({ level, message, ...fields });
  logTraceExport(events, { info: line('info'), warn: line('warn') });
  const pending = results.map(([, error]): ExportResult => {
    return error === undefined ? { code: ExportResultCode.SUCCESS } : { code: ExportResultCode.FAILED, error };
  });
  const exporter = new WatchedExporter(
    {
      export: (_spans, done) => done(pending.shift() ?? { code: ExportResultCode.SUCCESS }),
      shutdown: () => Promise.resolve(),
    },
    events,
  );
  const told: ExportResult[] = [];
  for (const [spans] of results) {
    exporter.export(
      Array.from({ length: spans }, () => ({}) as ReadableSpan),
      (result) => told.push(result),
    );
  }
  expect(told).toHaveLength(results.length);
  return lines;
}

const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:4318'), { code: 'ECONNREFUSED' });

it('Exports that succeed are not worth a word', () => {
  expect(linesAfter([1], [2])).toEqual([]);
});

it('Exports that fail are told of once, until they succeed again', () => {
  expect(linesAfter([1, refused], [2, refused], [3, new Error('other')], [4], [5], [6, new Error('Timeout')])).toEqual([
    { level: 'warn', message: 'Traces cannot be sent', reason: 'ECONNREFUSED' },
    { level: 'info', message: 'Traces are sent again', lostSpans: 6 },
    { level: 'warn', message: 'Traces cannot be sent', reason: 'Timeout' },
  ]);
});

it('What a receiver has answered stays out of the log', () => {
  const error = Object.assign(new Error('Unauthorized'), { code: 401, data: 'a secret' });
  expect(linesAfter([1, error])).toEqual([{ level: 'warn', message: 'Traces cannot be sent', reason: '401' }]);
});
