import { numberedUserId, numberedUsersSince, spread } from '../../src/profiles/seed/numbered-user-id.ts';
import type { User } from '../../src/profiles/users/user.ts';

const givenNames = ['Ada', 'Grace', 'Edsger', 'Barbara', 'Donald', 'Frances', 'Alan', 'Margaret', 'Tony', 'Radia'];
const familyNames = ['Lovelace', 'Hopper', 'Dijkstra', 'Liskov', 'Knuth', 'Allen', 'Turing', 'Hamilton', 'Hoare'];
const cities = ['Berlin', 'Zürich', 'København', 'Kraków', 'Lisboa', 'Kyoto', 'São Paulo', 'Nairobi'];

/** User `n`, always the same: about 340 bytes as the API answers it. */
export function benchUser(n: number): User {
  const random = spread(n);
  const given = pick(givenNames, random);
  const family = pick(familyNames, random >>> 8);
  const at = new Date(numberedUsersSince + n);
  return {
    id: numberedUserId(n),
    name: `${given} ${family} ${n}`,
    email: `${given}.${family}.${n}@example.com`.toLowerCase(),
    phone: `+4930${String(1_000_000 + (n % 9_000_000))}`,
    displayName: n % 4 === 0 ? null : `${given} ${family.charAt(0)}.`,
    metadata: {
      city: pick(cities, random >>> 16),
      language: n % 3 === 0 ? 'de' : 'en',
      newsletter: n % 2 === 0,
      tags: ['bench', given.toLowerCase()],
    },
    version: 1,
    createdAt: at,
    updatedAt: at,
  };
}

function pick(from: readonly string[], random: number): string {
  return from[random % from.length] ?? '';
}
