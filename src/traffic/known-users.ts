/** A user that the traffic may ask for. */
export interface KnownUser {
  readonly id: string;
  /** As it was last answered. */
  readonly etag: string | null;
}

/** What the traffic knows of the service: users in the order of how often they are asked for. */
export class KnownUsers {
  readonly #users: KnownUser[] = [];
  readonly #indexes = new Map<string, number>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get count(): number {
    return this.#users.length;
  }

  /** @param index from 0 to `count` - 1 */
  at(index: number): KnownUser {
    const user = this.#users[index];
    if (user === undefined) throw new Error(`There is no user ${index}.`);
    return user;
  }

  /** Adds a user, unless there are enough, or notes what its `ETag` is now. */
  note(id: string, etag: string | null): void {
    const index = this.#indexes.get(id);
    if (index !== undefined) {
      this.#users[index] = { id, etag };
    } else if (this.#users.length < this.#max) {
      this.#indexes.set(id, this.#users.length);
      this.#users.push({ id, etag });
    }
  }
}
