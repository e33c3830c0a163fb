import { randomUUID } from 'node:crypto';
import type { OutgoingHttpHeaders } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { buildUserBody } from '../../helpers/build-user.ts';
import { describeOnEachEngine, type TestDatabase } from '../../helpers/engines.ts';
import { expectConforms } from '../../helpers/openapi-conformance.ts';
import { type RunningProfiles, startProfiles } from '../../helpers/start-profiles.ts';
import { createHttpClient, type HttpAnswer, type HttpClient } from '../../system/acceptance/http-client.ts';
import { expectProblem } from '../../system/acceptance/target.ts';
import { queryDatabase, type Row } from '../../helpers/query-database.ts';

describeOnEachEngine('Idempotency keys', (engine) => {
  let database: TestDatabase;
  let profiles: RunningProfiles;
  let api: HttpClient;
  beforeAll(async () => {
    database = await engine.create();
    profiles = await startProfiles({ ...engine, create: () => Promise.resolve(database) });
    api = createHttpClient(profiles.url);
  });
  afterAll(() => profiles?.stop());

  const query = (sql: string, ...values: unknown[]): Promise<Row[]> => queryDatabase(database.url, sql, values);
  const countRows = async (table: string): Promise<number> =>
    Number((await query(`SELECT COUNT(*) AS n FROM ${table}`))[0]?.['n']);
  const send = async (headers: OutgoingHttpHeaders, json: unknown): Promise<HttpAnswer> => {
    const answer = await api.send('POST', '/api/users', { headers, json });
    expectConforms({ ...answer, method: 'POST', path: '/api/users', requestBody: json, body: answer.text });
    return answer;
  };
  const create = (key: string, json: unknown): Promise<HttpAnswer> => send({ 'idempotency-key': key }, json);
  const outcome = ({ status, headers }: HttpAnswer) => [status, headers['idempotency-replayed']];

  describe('that are malformed', () => {
    it.each([
      ['given twice', ['one', 'two']],
      ['given twice, the same', ['one', 'one']],
      ['given twice, once empty', ['', 'one']],
      ['of 256 characters', 'a'.repeat(256)],
      ['of 256 characters, quoted', `"${'a'.repeat(256)}"`],
      ['empty', ''],
      ['an empty string', '""'],
      ['blank', '   '],
      ['with a blank', 'a b'],
      ['with a blank, quoted', '"a b"'],
      ['a list', 'one, two'],
      ['with a tab', 'a\tb'],
      ['with a letter beyond ASCII', 'cl\u00e9'],
      ['not closed', '"open'],
      ['not opened', 'open"'],
      ['with parameters', '"key";a=1'],
      ['with a broken escape', String.raw`"a\b"`],
    ])('are refused when they are %s, and nothing is done', async (_what, value) => {
      const before = [await countRows('users'), await countRows('idempotency_keys')];
      expectProblem(await send({ 'idempotency-key': value }, buildUserBody()), 400, 'validation-failed', [
        '#/header/Idempotency-Key',
      ]);
      expect([await countRows('users'), await countRows('idempotency_keys')]).toEqual(before);
    });

    it.each(['01', '1b', '7f'])('are no HTTP with the control character %s', async (hex) => {
      const character = Buffer.from(hex, 'hex').toString('latin1');
      const body = JSON.stringify(buildUserBody());
      const head = `POST /api/users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
      const answer = await api.sendRaw(
        `${head}\r\nConnection: close\r\nIdempotency-Key: a${character}b\r\n\r\n${body}`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 400 [^]*"code":"malformed-request"/);
    });
  });

  describe('that have expired', () => {
    const expire = (email: unknown): Promise<Row[]> =>
      query(
        'UPDATE idempotency_keys SET expires_at = ? WHERE body LIKE ?',
        new Date(Date.now() - 1_000),
        `%${String(email)}%`,
      );

    it('run anew, with the same request', async () => {
      const [key, body] = [randomUUID(), buildUserBody()];
      const first = await create(key, body);
      expect(outcome(first)).toEqual([201, undefined]);
      await expire(body['email']);
      const again = await create(key, body);
      expectProblem(again, 409, 'email-taken');
      expect(outcome(again)).toEqual([409, undefined]);
      expect(outcome(await create(key, body))).toEqual([409, 'true']);
    });

    it('run anew with another request, whose key they are from then on', async () => {
      const [key, body, other] = [randomUUID(), buildUserBody(), buildUserBody()];
      await create(key, body);
      expectProblem(await create(key, other), 422, 'idempotency-key-reused');
      await expire(body['email']);
      expect(outcome(await create(key, other))).toEqual([201, undefined]);
      expect(outcome(await create(key, other))).toEqual([201, 'true']);
      expectProblem(await create(key, body), 422, 'idempotency-key-reused');
    });

    it('are those whose hours are over, and no others', async () => {
      const body = buildUserBody();
      const sentAt = Date.now();
      await create(randomUUID(), body);
      const [row] = await query(
        'SELECT expires_at FROM idempotency_keys WHERE body LIKE ?',
        `%${String(body['email'])}%`,
      );
      const livesMs = new Date(String(row?.['expires_at'])).getTime() - sentAt;
      expect(Math.abs(livesMs - 24 * 3_600_000)).toBeLessThan(10_000);
    });
  });

  describe('in the database', () => {
    it('hold no e-mail address outside of the body that was answered, and not the key', async () => {
      const [key, body] = [`key-${randomUUID()}`, buildUserBody()];
      expect((await create(key, body)).status).toBe(201);
      expect((await create(`${key}-2`, body)).status).toBe(409);
      const rows = await query('SELECT * FROM idempotency_keys ORDER BY created_at DESC LIMIT 2');

      const answers = rows.map((row) => String(row['body']));
      expect(answers.filter((answer) => answer.includes(String(body['email'])))).toHaveLength(1);
      expect(answers.filter((answer) => answer.includes('email-taken'))).toHaveLength(1);
      for (const row of rows) {
        expect(row).toMatchObject({
          id: expect.stringMatching(/^[0-9a-f]{64}$/),
          fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
        });
        const rest = JSON.stringify({ ...row, body: '' });
        expect(rest).not.toMatch(/@|example\.com|Ada/);
        expect(JSON.stringify(row)).not.toContain(key);
      }
    });

    it('are there for exactly the users that were created with one', async () => {
      await query('DELETE FROM idempotency_keys');
      const taken = buildUserBody();
      const requests = Array.from({ length: 40 }, (_, number) => {
        const bodies = [buildUserBody({ name: 'Paired' }), { ...taken, name: 'Paired' }, { name: '' }];
        return { key: randomUUID(), body: bodies[number % bodies.length] };
      });
      const answers = await Promise.all(requests.map(({ key, body }) => create(key, body)));
      const created = answers.filter(({ status }) => status === 201).map(({ text }) => text);
      const refused = answers.filter(({ status }) => status === 409).map(({ text }) => text);
      // 14 addresses of their own, and 13 requests for the same one.
      expect([created.length, refused.length]).toEqual([15, 12]);

      const rows = await query('SELECT status, body FROM idempotency_keys');
      const stored = (status: number) => rows.filter((row) => row['status'] === status).map(({ body }) => String(body));
      expect([stored(201).sort(), stored(409).sort()]).toEqual([created.sort(), refused.sort()]);
      expect(rows).toHaveLength(27);
      const users = await query("SELECT id FROM users WHERE name = 'Paired'");
      expect(users.map(({ id }) => String(id)).sort()).toEqual(
        created.map((text) => (JSON.parse(text) as { id: string }).id).sort(),
      );
    });
  });
});
