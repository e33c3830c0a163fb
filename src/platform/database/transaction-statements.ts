import { TransientTransactionError } from './database-errors.ts';
import type { StatementOutcome, Statements, SqlValue } from './statements.ts';

/**
 * The statements of one transaction. It has to be asked for one after the other, and for none after the transaction has
 * ended: whatever came to the connection then would be committed by itself.
 */
export class TransactionStatements implements Statements {
  readonly #statements: Statements;
  #isRunning = false;
  #hasEnded = false;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  async all<Row extends object>(sql: string, values: readonly SqlValue[]): Promise<readonly Row[]> {
    this.#start();
    try {
      return await this.#statements.all<Row>(sql, values);
    } catch (error) {
      throw this.#noted(error);
    } finally {
      this.#isRunning = false;
    }
  }

  async run(sql: string, values: readonly SqlValue[]): Promise<StatementOutcome> {
    this.#start();
    try {
      return await this.#statements.run(sql, values);
    } catch (error) {
      throw this.#noted(error);
    } finally {
      this.#isRunning = false;
    }
  }

  /** From now on every statement is refused. */
  end(): void {
    this.#hasEnded = true;
  }

  #start(): void {
    if (this.#hasEnded) throw new Error('A statement was asked for after the end of its transaction.');
    if (this.#isRunning) throw new Error('Two statements of a transaction were asked for at once.');
    this.#isRunning = true;
  }

  /** After a deadlock the database has rolled back by itself. */
  #noted(error: unknown): unknown {
    if (error instanceof TransientTransactionError && error.conflict === 'deadlock') this.end();
    return error;
  }
}
