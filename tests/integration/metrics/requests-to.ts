import { buildUserBody } from '../../helpers/build-user.ts';
import type { RunningProfiles } from '../../helpers/start-profiles.ts';

/** What the tests of metrics ask a service for. @param service the one that runs when something is sent */
export function requestsTo(service: () => RunningProfiles) {
  const send = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    await fetch(service().url + path, {
      method,
      headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  return {
    send,
    /** @returns the id of a new user */
    create: async (): Promise<string> => {
      const created = (await (await send('POST', '/api/users', buildUserBody())).json()) as { id: string };
      return created.id;
    },
    /** @returns what became of the enrichment */
    enriched: async (id: string, requestId = 'r-0'): Promise<string> => {
      const answer = await send('GET', `/api/users/${id}/enriched`, undefined, { 'X-Request-Id': requestId });
      return ((await answer.json()) as { enrichedDataStatus: string }).enrichedDataStatus;
    },
  };
}
