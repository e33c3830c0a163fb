import { DatabaseUnavailableError } from '../../../src/platform/database/database-errors.ts';
import type { DatabaseReader } from '../../../src/platform/database/database-reader.ts';
import type { Statements } from '../../../src/platform/database/statements.ts';
import type { Change, LoggedChange, PrimaryChangeFeed } from '../../../src/platform/journal/change-feed.ts';
import type { VirtualTime } from '../../helpers/virtual-time.ts';

const answerMs = 20;
const silentMs = 500;

/** One server: what was committed there, in this order. */
export class ModelServer implements PrimaryChangeFeed {
  readonly #time: VirtualTime;
  readonly commits: Change[] = [];
  /** Numbers of transactions that have not ended. */
  readonly undecided = new Set<number>();
  #awayUntil = 0;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  get isAway(): boolean {
    return this.#time.now() < this.#awayUntil;
  }

  goAway(ms: number): void {
    this.#awayUntil = this.#time.now() + ms;
  }

  /** The number of the last change of `key` that is committed; 0: there is none. */
  latestOf(key: string): number {
    return this.commits.reduce((latest, change) => (change.key === key ? Math.max(latest, change.seq) : latest), 0);
  }

  async after(
    seq: number,
    { limit, gaps }: { limit: number; gaps: readonly number[] },
  ): Promise<readonly LoggedChange[]> {
    return await this.answer(() => {
      const behind = this.commits.filter((change) => change.seq > seq).toSorted((one, other) => one.seq - other.seq);
      const all = [...this.commits.filter((change) => gaps.includes(change.seq)), ...behind.slice(0, limit)];
      return all.map(({ seq: number, key }) => ({ seq: number, key, id: `change ${number}` }));
    });
  }

  async latest(): Promise<number> {
    return await this.answer(() => this.commits.reduce((latest, { seq }) => Math.max(latest, seq), 0));
  }

  async hasUndecided(numbers: readonly number[]): Promise<boolean> {
    return await this.answer(() => numbers.some((seq) => this.undecided.has(seq)));
  }

  /** Looks at some moment between the question and its answer. */
  async answer<T>(look: () => T): Promise<T> {
    await this.#time.delay(answerMs);
    if (this.isAway) {
      await this.#time.delay(silentMs);
      throw new DatabaseUnavailableError(new Error('It is away.'));
    }
    const seen = look();
    await this.#time.delay(answerMs);
    return seen;
  }
}

/** The number of the latest change by key, as a server shows it. */
export type Shown = Readonly<Record<string, number>>;

/** What reads take for a query: the keys, whose latest changes are asked for. */
export const showing =
  (keys: readonly string[]) =>
  async (statements: Statements): Promise<Shown> => {
    const rows = await statements.all<{ key: string; seq: number }>('latest', keys);
    return Object.fromEntries(rows.map(({ key, seq }) => [key, seq]));
  };

/** Asks one server. */
export function readerOf(server: ModelServer): DatabaseReader {
  const statements: Statements = {
    all: async <Row extends object>(_sql: string, keys: readonly unknown[]) =>
      await server.answer(() => keys.map((key) => ({ key, seq: server.latestOf(String(key)) })) as unknown as Row[]),
    run: () => Promise.reject(new Error('Reads change nothing.')),
  };
  return { read: async (query) => await query(statements) };
}
