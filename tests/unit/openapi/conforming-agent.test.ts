import type { RequestListener } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { conformingAgent, type Exchange } from '../../helpers/openapi-conformance.ts';
import { creating, json, reading, user, withBody } from './exchanges.ts';

describe('conformingAgent', () => {
  const answering =
    ({ status, headers, body }: Exchange): RequestListener =>
    (_request, response) => {
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value as string);
      response.writeHead(status).end(body);
    };

  it('hands on an answer that is as the file says', async () => {
    const response = await conformingAgent(answering(creating()))
      .post('/api/users')
      .send({ name: 'Ada', email: 'a@b.c' });
    expect([response.status, response.body]).toEqual([201, user]);
  });

  it('rejects an answer that is not', async () => {
    const api = conformingAgent(answering(withBody(reading(), { password: 'x' })));
    await expect(api.get('/api/users/ada')).rejects.toThrow(/password/);
    await expect(api.get('/api/users/ada').expect(200)).rejects.toThrow(/password/);
  });

  it.each([
    ['an object', { role: 'admin' }],
    ['text', '{"role":"admin"}'],
  ])('sees the body that was sent as %s', async (_what, body) => {
    const request = conformingAgent(answering(creating())).post('/api/users').type('application/json').send(body);
    await expect(request).rejects.toThrow(/succeeds, but its body .*role/);
  });

  it('sees the query however it was given', async () => {
    const page = reading({ headers: json, body: JSON.stringify({ data: [], nextCursor: null }) });
    await expect(conformingAgent(answering(page)).get('/api/users').query({ limit: 0 })).rejects.toThrow(/limit/);
    await expect(conformingAgent(answering(page)).get('/api/users?limit=0')).rejects.toThrow(/limit/);
  });
});
