import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { engines } from '../../helpers/engines.ts';
import { eventually } from '../../helpers/eventually.ts';
import { formatTrace, type ReceivedSpan } from '../../helpers/otlp-receiver.ts';
import { answer, answerJson, hang, held } from '../../helpers/scripted-provider.ts';
import { createUser, newTrace, startTracing, type TracingFixture } from './tracing-fixture.ts';

const [sqlite] = engines;
if (!sqlite) throw new Error('SQLite is always there.');

const reading = ['  users.find', '    db_read', '      SELECT users_read'] as const;
const enrichedShape = (...attempts: readonly string[]): readonly string[] => [
  'GET /api/users/:id/enriched',
  ...reading,
  '  enrichment',
  ...attempts,
];

let fixture: TracingFixture;
beforeAll(async () => {
  fixture = await startTracing(sqlite, { ENRICHMENT_BREAKER_CONSECUTIVE_FAILURES: '3' });
  await createUser(fixture, 'ada');
});
afterAll(() => fixture?.close());

describe('The trace of a request', () => {
  it('to read a user is one tree, from the request to the statement', async () => {
    const { status, traceId } = await fixture.ask('/api/users/ada');
    expect(status).toBe(200);
    const spans = await fixture.receiver.trace(traceId, ['GET /api/users/:id', ...reading]);
    expect(only(spans, 'GET /api/users/:id')).toMatchObject({
      kind: 'server',
      failed: false,
      attributes: {
        'http.request.method': 'GET',
        'http.route': '/api/users/:id',
        'http.response.status_code': 200,
      },
      resource: { 'service.name': 'user-profile-service', 'service.version': expect.any(String) },
    });
    expect(only(spans, 'db_read').attributes).toEqual({ 'circuit_breaker.state': 'closed' });
    expect(only(spans, 'SELECT users_read')).toMatchObject({
      kind: 'client',
      attributes: { 'db.system.name': 'sqlite', 'db.operation.name': 'SELECT', 'db.collection.name': 'users_read' },
    });
    for (const span of spans) expect(span.endMs).toBeGreaterThanOrEqual(span.startMs);
  });

  it('to create a user shows the transaction with each of its statements', async () => {
    const { status, traceId } = await fixture.ask('/api/users', {
      method: 'POST',
      body: { name: 'Grace', email: 'grace@example.com' },
      headers: { 'idempotency-key': 'trace-1' },
    });
    expect(status).toBe(201);
    const spans = await fixture.receiver.trace(traceId, [
      'POST /api/users',
      '  db_write',
      '    BEGIN',
      '    SELECT idempotency_keys',
      '    INSERT idempotency_keys',
      '    users.create',
      '      INSERT users',
      '      INSERT user_changes',
      '      REPLACE users_read',
      '    UPDATE idempotency_keys',
      '    COMMIT',
    ]);
    expect(only(spans, 'db_write').attributes).toEqual({
      'db.transaction.purpose': 'write',
      'db.transaction.attempt': 1,
      'db.transaction.outcome': 'committed',
      'circuit_breaker.state': 'closed',
    });
  });

  it('that was refused says why, and is no failure of the service', async () => {
    const { status, traceId } = await fixture.ask('/api/users', {
      method: 'POST',
      body: { id: 'ada', name: 'Somebody else', email: 'else@example.com' },
    });
    expect(status).toBe(409);
    const spans = await fixture.receiver.trace(traceId, [
      'POST /api/users',
      '  db_write',
      '    BEGIN',
      '    users.create',
      '      INSERT users !',
      '      SELECT users',
      '    ROLLBACK',
    ]);
    expect(only(spans, 'POST /api/users').attributes).toMatchObject({
      'http.response.status_code': 409,
      'problem.code': 'user-id-taken',
    });
    expect(only(spans, 'db_write').attributes).toMatchObject({
      'db.transaction.outcome': 'rolled-back',
      'error.type': 'user-id-taken',
    });
    expect(only(spans, 'INSERT users').attributes).toMatchObject({
      'error.type': expect.stringMatching(/^SQLITE_CONSTRAINT/),
    });
  });

  it('without a route is named by its method alone', async () => {
    const { traceId } = await fixture.ask('/api/nothing/here');
    const [span] = await fixture.receiver.trace(traceId, ['GET']);
    expect(span?.attributes).toEqual({
      'http.request.method': 'GET',
      'http.response.status_code': 404,
      'problem.code': 'route-not-found',
    });
  });

  it('is in the log line of the request', async () => {
    const { traceId } = await fixture.ask('/api/users/ada');
    const lines = fixture.service.logged.filter((line) => line['traceId'] === traceId);
    expect(lines).toEqual([expect.objectContaining({ route: '/api/users/:id', requestId: expect.any(String) })]);
  });
});

describe('The trace of a call to the provider', () => {
  it('shows each attempt, the retries numbered', async () => {
    fixture.provider.script(answer(503), answer(500), answerJson({ score: 1 }));
    const { traceId } = await fixture.ask('/api/users/ada/enriched');
    const spans = await fixture.receiver.trace(traceId, enrichedShape('    GET !', '    GET !', '    GET'));
    expect(only(spans, 'enrichment').attributes).toEqual({
      'circuit_breaker.state': 'closed',
      'enrichment.attempts': 3,
      'enrichment.shared': false,
      'enrichment.outcome': 'available',
    });
    const server = { 'server.address': '127.0.0.1', 'server.port': Number(new URL(fixture.provider.url).port) };
    const common = { ...server, 'http.request.method': 'GET', 'circuit_breaker.state': 'closed' };
    const failed = { ...common, 'error.type': 'server-error' };
    expect(attemptsOf(spans).map(({ attributes }) => attributes)).toEqual([
      { ...failed, 'http.response.status_code': 503 },
      { ...failed, 'http.response.status_code': 500, 'http.request.resend_count': 1 },
      { ...common, 'http.response.status_code': 200, 'http.request.resend_count': 2 },
    ]);
    // Each attempt has gone out under its own span.
    const sent = fixture.provider.requests.slice(-3).map(({ headers }) => headers['traceparent']);
    expect(sent).toEqual(attemptsOf(spans).map(({ spanId }) => `00-${traceId}-${spanId}-01`));
  });

  it('that knows nothing of the user is no failure', async () => {
    fixture.provider.script(answer(404), answerJson({ score: 1 }));
    const { traceId } = await fixture.ask('/api/users/ada/enriched');
    const spans = await fixture.receiver.trace(traceId, enrichedShape('    GET'));
    expect(only(spans, 'enrichment').attributes).toMatchObject({ 'enrichment.outcome': 'notFound' });
    expect(attemptsOf(spans)[0]?.attributes).toMatchObject({ 'http.response.status_code': 404 });
  });

  it('that several requests share is in the trace of the first, and the others say so', async () => {
    const { behaviour, release } = held();
    const before = fixture.provider.requests.length;
    fixture.provider.script(behaviour, answerJson({ score: 1 }));
    const first = fixture.ask('/api/users/ada/enriched');
    await fixture.provider.received(before + 1);
    const reads = fixture.service.logged.length;
    const second = fixture.ask('/api/users/ada/enriched', { headers: { 'x-request-id': 'second' } });
    // It has its user, and so is at the provider's door, when a third request has been answered behind it.
    await fixture.ask('/api/users/ada');
    expect(fixture.service.logged.length).toBeGreaterThan(reads);
    release(answerJson({ score: 2 }));
    const spans = await fixture.receiver.trace((await first).traceId, enrichedShape('    GET'));
    const others = await fixture.receiver.trace((await second).traceId, enrichedShape());
    expect(only(spans, 'enrichment').attributes['enrichment.shared']).toBe(false);
    expect(only(others, 'enrichment').attributes).toMatchObject({
      'enrichment.shared': true,
      'enrichment.outcome': 'available',
    });
  });

  it('whose client has hung up ends at once, and its attempt when the provider has had its time', async () => {
    const before = fixture.provider.requests.length;
    fixture.provider.script(hang, answerJson({ score: 1 }));
    const { traceId, traceparent } = newTrace();
    const client = new AbortController();
    const asked = fetch(`${fixture.service.url}/api/users/ada/enriched`, {
      headers: { traceparent },
      signal: client.signal,
    });
    await fixture.provider.received(before + 1);
    client.abort();
    await expect(asked).rejects.toThrow();
    const spans = await fixture.receiver.trace(traceId, enrichedShape('    GET !'));
    expect(only(spans, 'GET /api/users/:id/enriched').attributes).toEqual({
      'http.request.method': 'GET',
      'http.route': '/api/users/:id/enriched',
      'request.abandoned': true,
    });
    expect(only(spans, 'enrichment').attributes).toMatchObject({ 'enrichment.reason': 'caller-gone' });
    expect(attemptsOf(spans)[0]?.attributes).toMatchObject({ 'error.type': 'timeout' });
  });

  it('has no attempts while the breaker is open', async () => {
    fixture.provider.script(answer(400));
    await eventually(async () => {
      await fixture.ask('/api/users/ada/enriched');
      expect(fixture.service.logged).toContainEqual(expect.objectContaining({ msg: 'Circuit Breaker OPEN' }));
    });
    const { status, traceId } = await fixture.ask('/api/users/ada/enriched');
    expect(status).toBe(200);
    const spans = await fixture.receiver.trace(traceId, enrichedShape());
    expect(only(spans, 'enrichment').attributes).toEqual({
      'circuit_breaker.state': 'open',
      'enrichment.outcome': 'unavailable',
      'enrichment.reason': 'circuit-open',
    });
  });
});

describe('Traces', () => {
  it('are not made of probes, nor of work that no request asked for', async () => {
    for (const path of ['/health', '/ready', '/metrics']) await fixture.ask(path);
    // What has been sent by the time that this one arrives is all that there was before it.
    const { traceId } = await fixture.ask('/api/users/ada');
    await fixture.receiver.trace(traceId, ['GET /api/users/:id', ...reading]);
    const roots = fixture.receiver.spans.filter(({ kind }) => kind === 'server');
    expect(roots.length).toBeGreaterThan(0);
    const traced = new Set(roots.map((span) => span.traceId));
    expect(fixture.receiver.spans.filter((span) => !traced.has(span.traceId))).toEqual([]);
    expect(roots.map(({ name }) => name).filter((name) => /health|ready|metrics/.test(name))).toEqual([]);
  });

  it('hold nothing that a client has said', async () => {
    const canary = 'kanarienvogel';
    const body = { id: canary, name: canary, email: `${canary}@example.com`, metadata: { [canary]: canary } };
    const headers = { 'idempotency-key': canary, 'x-request-id': canary };
    const asked = [
      await fixture.ask(`/api/users?q=${canary}`, { headers }),
      await fixture.ask('/api/users', { method: 'POST', body, headers }),
      await fixture.ask('/api/users', { method: 'POST', body: { ...body, id: 'other' } }),
      await fixture.ask(`/api/users/${canary}/enriched`),
      await fixture.ask(`/${canary}/${canary}?${canary}`),
      await fixture.ask(`/api/users/${canary}`, { method: 'DELETE' }),
    ];
    expect(asked.map(({ status }) => status)).toEqual([200, 201, 409, 200, 404, 204]);
    await eventually(() => {
      for (const { traceId } of asked) expect(fixture.receiver.spans.map((span) => span.traceId)).toContain(traceId);
    });
    expect(formatTrace(fixture.receiver.spans)).toContain('INSERT users');
    expect(fixture.receiver.bodies.join('\n')).not.toContain(canary);
  });
});

function only(spans: readonly ReceivedSpan[], name: string): ReceivedSpan {
  const [span, ...others] = spans.filter((candidate) => candidate.name === name);
  if (span === undefined || others.length > 0) throw new Error(`There is not one ${name} in\n${formatTrace(spans)}`);
  return span;
}

function attemptsOf(spans: readonly ReceivedSpan[]): readonly ReceivedSpan[] {
  return spans
    .filter(({ kind, name }) => kind === 'client' && name === 'GET')
    .toSorted((a, b) => a.startMs - b.startMs);
}
