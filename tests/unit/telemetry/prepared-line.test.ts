import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createLogger, type Logger } from '../../../src/platform/telemetry/logger.ts';

const names = ['requestId', 'method', 'route', 'status', 'durationMs', 'code'] as const;
type Fields = Parameters<ReturnType<Logger['prepare']>>[0];

function createScene(level: 'debug' | 'info'): { logger: Logger; lines: string[] } {
  const lines: string[] = [];
  const logger = createLogger({ level, service: 'test', destination: { write: (line) => void lines.push(line) } });
  return { logger, lines };
}

const withoutTime = (line: string | undefined): string | undefined => line?.replace(/"time":"[^"]{24}"/, '"time":""');

describe('A prepared line', () => {
  it('is the very text that is logged for the same fields otherwise, whatever is in them', () => {
    const { logger, lines } = createScene('info');
    const write = logger.prepare('info', 'Request "answered"', names);
    const text = fc.string({ unit: 'binary', maxLength: 8 });
    const value = fc.option(fc.oneof(text, fc.double(), fc.integer()), { nil: undefined });
    fc.assert(
      fc.property(fc.record(Object.fromEntries(names.map((name) => [name, value]))), (fields: Fields) => {
        lines.length = 0;
        write(fields);
        logger.info(fields, 'Request "answered"');
        expect(withoutTime(lines[0])).toBe(withoutTime(lines[1]));
      }),
    );
  });

  it('says when it was written', () => {
    const { logger, lines } = createScene('info');
    const before = Date.now();
    logger.prepare('info', 'Something happened', names)({});
    const { time } = JSON.parse(lines[0] ?? '') as { time: string };
    expect(new Date(time).toISOString()).toBe(time);
    expect(Date.parse(time)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(time)).toBeLessThanOrEqual(Date.now());
  });

  it('is not written below the level of the log', () => {
    const { logger, lines } = createScene('info');
    logger.prepare('debug', 'Request answered', names)({ status: 200 });
    expect(lines).toEqual([]);
    logger.prepare('info', 'Request answered', names)({ status: 200 });
    expect(lines).toHaveLength(1);
  });

  it('cannot have a field that no line may have', () => {
    const { logger } = createScene('info');
    expect(() => logger.prepare('info', 'Request answered', ['status', 'email'])).toThrow(/email/);
  });
});
