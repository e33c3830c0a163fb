import type { Migration } from '../../platform/database/migrator.ts';
import { users } from './0001-users.ts';
import { userChanges } from './0002-user-changes.ts';
import { idempotencyKeys } from './0003-idempotency-keys.ts';
import { usersRead } from './0004-users-read.ts';

/** All steps of the schema, in order. A merged one is never edited. */
export const migrations: readonly Migration[] = [users, userChanges, idempotencyKeys, usersRead];
