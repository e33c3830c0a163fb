import { randomUUID } from 'node:crypto';
import type { User } from '../../src/profiles/users/user.ts';

/** A user like any other, apart from what the test is about. */
export function buildUser(overrides: Partial<User> = {}): User {
  const id = overrides.id ?? randomUUID();
  const now = new Date('2026-01-02T03:04:05.678Z');
  return {
    id,
    name: 'Ada Lovelace',
    email: `ada.${id}@example.com`.slice(0, 60 + '@example.com'.length),
    phone: '+442079460958',
    displayName: 'Ada',
    metadata: { plan: 'pro', tags: ['a', 'b'] },
    version: 1,
    createdAt: now,
    updatedAt: now,
    ...overrides,
  };
}

/** A body that a client could send, unique by its e-mail address. */
export function buildUserBody(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return { name: 'Ada Lovelace', email: `ada.${randomUUID()}@example.com`, ...overrides };
}
