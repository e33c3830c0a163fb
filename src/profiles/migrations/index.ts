import type { Migration } from '../../platform/database/migrator.ts';
import { users } from './0001-users.ts';

/** All steps of the schema, in order. A merged one is never edited. */
export const migrations: readonly Migration[] = [users];
