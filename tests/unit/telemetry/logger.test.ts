import { describe, expect, it } from '@jest/globals';
import { DatabaseError, UniqueConstraintError } from 'sequelize';
import { DomainError } from '../../../src/platform/domain-error.ts';
import { rootCauseOf } from '../../../src/platform/telemetry/describe-error.ts';
import { createLogger } from '../../../src/platform/telemetry/logger.ts';

const canary = 'canary@example.com';

/** The one line that a real logger writes, as text and parsed. */
function lineOf(fields: object, message = 'Something happened'): { text: string; parsed: Record<string, unknown> } {
  const lines: string[] = [];
  const logger = createLogger({
    level: 'trace',
    service: 'test',
    destination: { write: (line) => void lines.push(line) },
  });
  logger.error(fields, message);
  const [text = ''] = lines;
  expect(lines).toHaveLength(1);
  return { text, parsed: JSON.parse(text) };
}

describe('A log line', () => {
  it('has the fields that are known', () => {
    const { parsed } = lineOf({
      requestId: 'r',
      route: '/api/users/:id',
      status: 200,
      durationMs: 1.5,
      code: undefined,
    });

    expect(parsed).toMatchObject({ level: 'error', service: 'test', msg: 'Something happened' });
    expect(parsed).toMatchObject({ requestId: 'r', route: '/api/users/:id', status: 200, durationMs: 1.5 });
    expect(parsed).not.toHaveProperty('withheld');
  });

  it.each([
    ['a field that nobody has allowed', { email: canary }],
    ['a name that a client has chosen', { [canary]: 1 }],
    ['an object behind an allowed name', { status: { email: canary } }],
    ['a list of objects behind an allowed name', { failing: [{ email: canary }] }],
    ['all that a request or a driver knows', { body: canary, headers: { authorization: canary }, sql: canary }],
  ])('withholds %s, and says that it does', (_what, fields) => {
    const { text, parsed } = lineOf({ requestId: 'r', ...fields });

    expect(text).not.toContain('canary');
    expect(parsed).toMatchObject({ requestId: 'r', withheld: Object.keys(fields).length });
  });
});

describe('An error in the log', () => {
  it('has its message when the words are our own', () => {
    const err = new DomainError('overloaded', 'No database connection became free in time.');

    expect(lineOf({ err }).parsed['err']).toMatchObject({
      type: 'DomainError',
      code: 'overloaded',
      message: 'No database connection became free in time.',
      stack: expect.stringMatching(/^ {4}at .*logger\.test\.ts:\d+:\d+/),
    });
  });

  const foreign: [string, unknown][] = [
    ['a parser', capture(() => JSON.parse(`{"email": ${canary}`))],
    ['JavaScript', capture(() => Reflect.defineProperty(JSON.parse(`"${canary}"`), 'x', {}))],
    [
      'Node.js',
      capture(() => Buffer.from({ toString: () => canary, [Symbol.toPrimitive]: 1 } as never, canary as never)),
    ],
    [
      'a driver',
      Object.assign(new Error(`Duplicate entry '${canary}' for key 'email'`), { sql: canary, parameters: [canary] }),
    ],
    ['an HTTP client', Object.assign(new Error('Request failed'), { config: { headers: { authorization: canary } } })],
    [
      'Sequelize',
      new UniqueConstraintError({ message: canary, parent: Object.assign(new Error(canary), { sql: canary }) }),
    ],
    ['nobody that throws errors', canary],
    ['a library with a telling name', Object.assign(new Error('x'), { name: canary, code: canary })],
    ['whoever writes lines that look like frames', new Error(`x\n    at ${canary} (file:///canary.ts:1:1)`)],
    ['whoever changes the message later', Object.assign(new Error(`x\n    at canary@example (x`), { message: canary })],
  ];

  it.each(foreign)('says nothing in the words of %s', (_who, err) => {
    const { text } = lineOf({ err });

    expect(text).not.toContain('canary');
    expect(text).toContain('"type":');
  });

  it.each(foreign)('says nothing in the words of %s as the cause of ours', (_who, cause) => {
    const { text, parsed } = lineOf({ err: new DomainError('internal', 'Our words.', { cause }) });

    expect(text).not.toContain('canary');
    expect(parsed['err']).toMatchObject({ message: 'Our words.', cause: { type: expect.any(String) } });
  });

  it('still says what kind of error it was, and where', () => {
    const err = Object.assign(new TypeError(`${canary} is not a function`), { code: 'ERR_CANNOT' });

    const { parsed } = lineOf({ err });
    expect(parsed['err']).toEqual({
      type: 'TypeError',
      code: 'ERR_CANNOT',
      stack: expect.stringMatching(/^ {4}at .*logger\.test\.ts:\d+:\d+/),
    });
  });

  it('ends, however long the chain of its causes', () => {
    const loop = new Error('a');
    loop.cause = loop;

    expect(lineOf({ err: loop }).text.length).toBeLessThan(20_000);
    expect(rootCauseOf(loop)).toBe('Error');
  });
});

describe('The root cause', () => {
  it.each([
    [new DomainError('a', 'A', { cause: Object.assign(new Error(canary), { code: 'ECONNREFUSED' }) }), 'ECONNREFUSED'],
    [new DomainError('a', 'A', { cause: new DomainError('b', 'In our words.') }), 'In our words.'],
    [new DomainError('a', 'A', { cause: new RangeError(canary) }), 'RangeError'],
    [new DatabaseError(Object.assign(new Error(canary), { code: 'ER_DISK_FULL', sql: canary })), 'ER_DISK_FULL'],
    [canary, 'string'],
  ])('is named without quoting anybody', (error, expected) => {
    expect(rootCauseOf(error)).toBe(expected);
  });
});

function capture(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('It was to throw.');
}
