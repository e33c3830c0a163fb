import type { StoredUser, StoredUserQueries, UserListQuery } from '../users/user-queries.ts';
import type { UserView } from '../users/user-view.ts';
import type { ReadModelState } from './read-model-state.ts';

/** Asks the read model when it is ready, and until then the users themselves. */
export class SwitchedUserQueries implements StoredUserQueries {
  readonly #state: ReadModelState;
  readonly #readModel: StoredUserQueries;
  readonly #users: StoredUserQueries;

  constructor(state: ReadModelState, { readModel, users }: { readModel: StoredUserQueries; users: StoredUserQueries }) {
    this.#state = state;
    this.#readModel = readModel;
    this.#users = users;
  }

  async find(id: string): Promise<StoredUser> {
    return await (this.#state.isReady ? this.#readModel : await this.#current()).find(id);
  }

  async list(query: UserListQuery): Promise<readonly UserView[]> {
    return await (this.#state.isReady ? this.#readModel : await this.#current()).list(query);
  }

  async #current(): Promise<StoredUserQueries> {
    await this.#state.refresh();
    return this.#state.isReady ? this.#readModel : this.#users;
  }
}
