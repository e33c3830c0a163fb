import type { ReadinessCheck } from '../health/readiness.ts';
import { DatabaseUnavailableError } from './database-errors.ts';
import type { SchemaGate } from './schema-gate.ts';

/**
 * Whether requests find their database. With the primary away and replicas that answer, those that read do: to send
 * nobody to any instance would take their answers away, too. Its breaker tells that the primary is away.
 */
export function createDatabaseCheck(
  schema: Pick<SchemaGate, 'check' | 'isAnswering'>,
  replicas: { readonly isServing: boolean },
): ReadinessCheck {
  return {
    name: 'database',
    check: async () => {
      try {
        await schema.check();
      } catch (error) {
        if (!(error instanceof DatabaseUnavailableError) || !replicas.isServing) throw error;
      }
    },
    isUpNevertheless: () => schema.isAnswering() || replicas.isServing,
  };
}
