import type { User } from './user.ts';

/** A user as the API answers it. The members stand in the order of the contract. */
export function representUser(user: User) {
  return {
    id: user.id,
    name: user.name,
    email: user.email,
    phone: user.phone,
    displayName: user.displayName,
    metadata: user.metadata,
    version: user.version,
    createdAt: user.createdAt.toISOString(),
    updatedAt: user.updatedAt.toISOString(),
  };
}
