import { DomainError } from '../domain-error.ts';
import type { CircuitState } from '../resilience/operated-breaker.ts';
import { noTracing, type Tracing } from '../telemetry/tracing.ts';
import type { DatabaseAccess } from './database-breaker.ts';
import { DatabaseOverloadedError, DatabaseUnavailableError, TransientTransactionError } from './database-errors.ts';

/** What traces of work on the database are made with. */
export interface DatabaseTraces {
  readonly tracing: Tracing;
  readonly breaker: { readonly state: CircuitState };
}

export const noDatabaseTraces: DatabaseTraces = { tracing: noTracing, breaker: { state: 'closed' } };

/** Whether an error is the database's, or a defect, rather than an answer to the request. */
export function isDatabaseFailure(error: unknown): boolean {
  return (
    !(error instanceof DomainError) ||
    error instanceof DatabaseUnavailableError ||
    error instanceof DatabaseOverloadedError ||
    error instanceof TransientTransactionError
  );
}

/** `access`, with a span `db_refused` in the traces of requests whose work it does not let through. */
export function traceRefusals(access: DatabaseAccess, { tracing, breaker }: DatabaseTraces): DatabaseAccess {
  if (!tracing.enabled) return access;
  return {
    run: async (action) => {
      let begun = false;
      try {
        return await access.run(async (admitted) => {
          begun = true;
          return await action(admitted);
        });
      } catch (error) {
        if (!begun) {
          const span = tracing.startSpan('db_refused', { attributes: { 'circuit_breaker.state': breaker.state } });
          span.fail(error instanceof DomainError ? error.code : 'unknown');
          span.end();
        }
        throw error;
      }
    },
  };
}
