import { isDeepStrictEqual } from 'node:util';
import type { JsonObject, UserContent } from '../users/user.ts';

export type ChangeKind = 'created' | 'updated' | 'deleted';

/** That a user was written: who, when and which fields, never what was in them. */
export interface UserChange {
  /** A UUIDv7, one for each write request. */
  readonly id: string;
  readonly userId: string;
  /** The version that the change made. A deletion has the number behind the last one, though nobody can read it. */
  readonly version: number;
  readonly kind: ChangeKind;
  readonly fields: readonly (keyof UserContent)[];
  readonly changedAt: Date;
  readonly requestId: string;
}

/** Every field of the content, in the order of the contract. */
const contentFields = ['name', 'email', 'phone', 'displayName', 'metadata'] as const satisfies (keyof UserContent)[];

/** The names of the fields that differ. Metadata are compared as JSON, whatever the order of their members. */
export function changedFields(before: UserContent, after: UserContent): readonly (keyof UserContent)[] {
  return contentFields.filter((field) =>
    field === 'metadata' ? !isSameJson(before.metadata, after.metadata) : before[field] !== after[field],
  );
}

/** As a store gives it back: JSON has one zero, JavaScript two. */
function isSameJson(a: JsonObject, b: JsonObject): boolean {
  const [textA, textB] = [JSON.stringify(a), JSON.stringify(b)];
  return textA === textB || isDeepStrictEqual(JSON.parse(textA), JSON.parse(textB));
}
