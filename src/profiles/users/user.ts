/** What JSON can hold. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

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
  /** 1–64 characters of `A-Z a-z 0-9 . _ ~ -`. */
  readonly id: string;
  /** 1, 2, 3 …: every accepted write adds one. */
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}
