/** What JSON can hold. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

/** A user's id: it goes into URLs as it is, and is no path segment with a meaning of its own. */
export const userIdPattern = /^(?!\.{1,2}$)[A-Za-z0-9._~-]{1,64}$/;

/** The part of a user that clients write. */
export interface UserContent {
  /** 1–255 characters, without white space around it. */
  readonly name: string;
  /** As given; unique by its `emailKey`. */
  readonly email: string;
  /** E.164. */
  readonly phone: string | null;
  readonly displayName: string | null;
  readonly metadata: JsonObject;
}

export interface User extends UserContent {
  /** Matches `userIdPattern`. */
  readonly id: string;
  /** 1, 2, 3 …: every accepted write adds one. */
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}
