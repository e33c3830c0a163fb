import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Engine, engines } from '../../helpers/engines.ts';
import { formatTrace } from '../../helpers/otlp-receiver.ts';
import { type MysqlFaultProxy, startMysqlFaultProxy } from '../../helpers/mysql-fault-proxy.ts';
import { describeWith } from '../../helpers/services.ts';
import { failAt } from '../users/fault-scene.ts';
import { startTracing, type TracingFixture } from './tracing-fixture.ts';

for (const engine of engines.filter(({ name }) => name !== 'SQLite')) {
  describeWith(engine.missing, `The trace of a transaction on ${engine.name}`, () => {
    let fixture: TracingFixture;
    let proxy: MysqlFaultProxy;

    /** The engine, by way of the proxy. */
    const proxied: Engine = {
      ...engine,
      create: async () => {
        const database = await engine.create();
        proxy = await startMysqlFaultProxy(database.url, { cutWith: 'end' });
        return { url: proxy.url(database.url), drop: () => database.drop() };
      },
    };
    beforeAll(async () => {
      fixture = await startTracing(proxied, { DATABASE_BREAKER_FAILURES: '1' });
    });
    afterAll(async () => {
      await fixture?.close();
      await proxy?.close();
    });

    const create = (id: string) =>
      fixture.ask('/api/users', { method: 'POST', body: { id, name: id, email: `${id}@example.com` } });

    it('that is run again after a deadlock shows both attempts, and what the database has said', async () => {
      const hits = failAt(proxy, (name) => name.startsWith('execute INSERT INTO `user_changes`'), { error: 1213 }, 1);
      const { status, traceId } = await create('deadlock');
      proxy.setFault(null);
      expect([status, hits()]).toEqual([201, 1]);
      const spans = await fixture.receiver.trace(traceId, [
        'POST /api/users',
        '  db_write !',
        '    BEGIN',
        '    users.create',
        '      INSERT users',
        '      INSERT user_changes !',
        '    ROLLBACK',
        '  db_write',
        '    BEGIN',
        '    users.create',
        '      INSERT users',
        '      INSERT user_changes',
        '      REPLACE users_read',
        '    COMMIT',
      ]);
      const [first, second] = spans.filter(({ name }) => name === 'db_write').toSorted((a, b) => a.startMs - b.startMs);
      const common = { 'db.transaction.purpose': 'write', 'circuit_breaker.state': 'closed' };
      expect(first?.attributes).toEqual({
        ...common,
        'db.transaction.attempt': 1,
        'db.transaction.outcome': 'rolled-back',
        'error.type': 'deadlock',
      });
      expect(second?.attributes).toEqual({
        ...common,
        'db.transaction.attempt': 2,
        'db.transaction.retry_cause': 'deadlock',
        'db.transaction.outcome': 'committed',
      });
      const insert = spans.find(({ name, failed }) => name === 'INSERT user_changes' && failed);
      expect(insert?.attributes).toMatchObject({ 'db.system.name': 'mysql', 'error.type': 'ER_LOCK_DEADLOCK' });
    });

    it('whose COMMIT was not answered shows how its outcome was found out', async () => {
      const hits = failAt(proxy, (name) => name.startsWith('query COMMIT'), 'cut-after', 1);
      const { status, traceId } = await create('undecided');
      proxy.setFault(null);
      expect([status, hits()]).toEqual([201, 1]);
      const spans = await fixture.receiver.trace(traceId, [
        'POST /api/users',
        '  db_write !',
        '    BEGIN',
        '    users.create',
        '      INSERT users',
        '      INSERT user_changes',
        '      REPLACE users_read',
        '    COMMIT !',
        '  db_write',
        '    BEGIN',
        '    SELECT user_changes',
        '    COMMIT',
      ]);
      const writes = spans.filter(({ name }) => name === 'db_write').toSorted((a, b) => a.startMs - b.startMs);
      expect(writes.map(({ attributes }) => attributes)).toMatchObject([
        { 'db.transaction.purpose': 'write', 'db.transaction.outcome': 'undecided' },
        { 'db.transaction.purpose': 'recall', 'db.transaction.retry_cause': 'connection-lost' },
      ]);
    });

    it('that the breaker refused shows the refusal, and the state of the breaker', async () => {
      proxy.setFault(() => 'cut-before');
      expect((await create('away')).status).toBe(503);
      const { status, traceId } = await create('refused');
      proxy.setFault(null);
      expect(status).toBe(503);
      const spans = await fixture.receiver.trace(traceId, ['POST /api/users !', '  db_refused !']);
      expect(formatTrace(spans)).toMatch(/problem\.code=database-unavailable/);
      expect(spans.find(({ name }) => name === 'db_refused')?.attributes).toEqual({
        'circuit_breaker.state': 'open',
        'error.type': 'database-unavailable',
      });
    });
  });
}
