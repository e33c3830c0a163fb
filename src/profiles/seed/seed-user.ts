import type { JsonObject, UserContent } from '../users/user.ts';
import { numberedUserId, spread } from './numbered-user-id.ts';
import { type SeedCountry, seedCountries } from './seed-names.ts';

/** A user to be created under an id that is known beforehand. */
export interface SeedUser {
  readonly id: string;
  readonly content: UserContent;
}

const domains = ['example.com', 'example.org', 'example.net'];
const interests = ['chess', 'climbing', 'opera', 'gardening', 'compilers', 'tea'];
const plans = ['free', 'free', 'free', 'team', 'enterprise'];

/**
 * User `n`, always the same, so that whoever makes the users again makes no other ones. Their names have the scripts,
 * lengths and orders of several countries; some have no telephone, display name or metadata. E-mail addresses
 * differ by the number, and lead nowhere (RFC 2606).
 */
export function seedUser(n: number): SeedUser {
  const random = randomFrom(n);
  const country = pick(seedCountries, random());
  const [given, givenLatin] = pick(country.given, random());
  const [family, familyLatin] = pick(country.family, random());
  return {
    id: numberedUserId(n),
    content: {
      name: nameOf(country, given, family),
      email: `${givenLatin}.${familyLatin}.${n}@${pick(domains, random())}`.toLowerCase(),
      phone: random() < 0.3 ? null : `${country.dial}${1_000_000 + Math.floor(random() * 9_000_000)}`,
      displayName: random() < 0.4 ? null : given,
      metadata: metadataOf(country, random),
    },
  };
}

function nameOf({ familyFirst, language }: SeedCountry, given: string, family: string): string {
  if (!familyFirst) return `${given} ${family}`;
  return language === 'ja' ? `${family} ${given}` : `${family}${given}`;
}

function metadataOf({ language, cities }: SeedCountry, random: () => number): JsonObject {
  if (random() < 0.15) return {};
  return {
    language,
    plan: pick(plans, random()),
    newsletter: random() < 0.5,
    address: { city: pick(cities, random()) },
    interests: interests.filter(() => random() < 0.3),
  };
}

/** Numbers in [0, 1) that follow from `n` alone. */
function randomFrom(n: number): () => number {
  let drawn = 0;
  return () => spread(spread(n) + 0x9e3779b9 * ++drawn) / 2 ** 32;
}

function pick<T>(from: readonly T[], random: number): T {
  const picked = from[Math.floor(random * from.length)];
  if (picked === undefined) throw new Error('There is nothing to pick from.');
  return picked;
}
