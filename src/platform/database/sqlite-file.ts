import { SqliteHandle } from './sqlite-handle.ts';
import { SqliteWriterQueue } from './sqlite-writer-queue.ts';

/** More than a writer and the readers beside it need: statements outside a transaction use one handle in turn. */
const IDLE_HANDLES_MAX = 4;

/** One database file as this process uses it: whose turn it is to write, and open handles to be used again. */
export class SqliteFile {
  /** Those that are open, to be closed with the file. */
  readonly connections = new Set<{ close(): void }>();
  readonly writers: SqliteWriterQueue;
  readonly #path: string;
  readonly #idle: SqliteHandle[] = [];

  /** @param onTurnAwaited is told how long somebody has waited for the turn to write, to get it or in vain */
  constructor(path: string, onTurnAwaited: (waitMs: number) => void) {
    this.#path = path;
    this.writers = new SqliteWriterQueue(onTurnAwaited);
  }

  /** @throws SqliteError as the constructor of `SqliteHandle` does */
  borrow(): SqliteHandle {
    return this.#idle.pop() ?? new SqliteHandle(this.#path);
  }

  /** Keeps the handle for the next one, unless it would find somebody's transaction or settings. */
  giveBack(handle: SqliteHandle): void {
    if (handle.isTransaction || handle.isAltered || this.#idle.length >= IDLE_HANDLES_MAX) handle.close();
    else this.#idle.push(handle);
  }

  close(): void {
    for (const connection of this.connections) connection.close();
    for (const handle of this.#idle.splice(0)) handle.close();
  }
}
