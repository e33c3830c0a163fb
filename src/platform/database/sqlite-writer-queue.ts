import { WaitingLine } from '../resilience/waiting-line.ts';
import { SQLITE_BUSY, SqliteError } from './sqlite-error.ts';

/**
 * Whose turn it is to write to a file, first come, first served.
 *
 * SQLite has one write lock for each file and no queue for it: those who poll overtake one another, and some starve.
 */
export class SqliteWriterQueue {
  readonly #line = new WaitingLine();
  readonly #onAwaited: (waitMs: number) => void;
  #taken = false;

  /** @param onAwaited is told how long somebody has waited, to get the turn or in vain */
  constructor(onAwaited: (waitMs: number) => void) {
    this.#onAwaited = onAwaited;
  }

  get isTaken(): boolean {
    return this.#taken;
  }

  get waiting(): number {
    return this.#line.length;
  }

  /**
   * Resolves when it is the caller's turn, which it must end with `handOn`.
   * @param expiresAt on the clock of `performance.now()`
   * @throws SqliteError `SQLITE_BUSY` when the turn has not come by then
   */
  async take(expiresAt: number): Promise<void> {
    if (!this.#taken) {
      this.#taken = true;
      this.#onAwaited(0);
      return;
    }
    const askedAt = performance.now();
    try {
      await this.#line.wait(expiresAt - askedAt, turnMissed);
    } finally {
      this.#onAwaited(performance.now() - askedAt);
    }
  }

  /** Ends the caller's turn; it passes to the next in line without becoming free in between. */
  handOn(): void {
    if (!this.#line.callNext()) this.#taken = false;
  }
}

function turnMissed(): SqliteError {
  return new SqliteError(SQLITE_BUSY, 'the turn to write did not come in time');
}
