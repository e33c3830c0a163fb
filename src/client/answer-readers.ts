import type { Answered } from './api-attempt.ts';
import type { VersionedUser } from './profile-client.ts';
import type { EnrichedUser, User } from './profile-types.ts';

// Each reads what one kind of call is answered with, and throws TypeError when something else has answered: a sign-in
// page, a proxy, or the address to which a redirect has led.

export function versioned(answered: Answered<User>): VersionedUser {
  const user = having(answered, ['id', 'version']);
  // Something in between may take the header away; this is what it says.
  return { user, etag: answered.response.headers.get('ETag') ?? `"${user.version}"` };
}

export function enriched(answered: Answered<object>): EnrichedUser {
  const user = having(answered, []);
  if (!isEnriched(user)) throw new TypeError('The answer is no enriched user.');
  return user;
}

export function page<Page extends { readonly data: unknown; readonly nextCursor: string | null }>(
  answered: Answered<Page>,
): Page {
  return having(answered, ['data', 'nextCursor']);
}

export function nothing({ response }: Answered<unknown>): void {
  if (response.status !== 204) throw new TypeError(`The answer is ${response.status} instead of 204.`);
}

function having<Data extends object>({ data }: Answered<Data | null>, members: readonly (keyof Data)[]): Data {
  const isWanted = typeof data === 'object' && data !== null && members.every((member) => member in data);
  if (!isWanted) throw new TypeError('The answer is not what was asked for.');
  return data;
}

/** Said once more, because openapi-fetch drops members from a type that are always null. */
function isEnriched(user: object): user is EnrichedUser {
  return 'enrichedData' in user && 'enrichedDataStatus' in user;
}
