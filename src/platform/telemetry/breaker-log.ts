import type { CircuitState } from '../resilience/circuit-breaker.ts';
import type { WriteLine } from './logger.ts';

const messages = {
  closed: 'Circuit Breaker CLOSED',
  open: 'Circuit Breaker OPEN',
  'half-open': 'Circuit Breaker HALF_OPEN',
} as const satisfies Record<CircuitState, string>;

/** One line for a change of a breaker: a warning when it opens. */
export function logBreakerChange(
  logger: { readonly info: WriteLine; readonly warn: WriteLine },
  breaker: string,
  { from, to }: { readonly from: CircuitState; readonly to: CircuitState },
): void {
  logger[to === 'open' ? 'warn' : 'info']({ breaker, from, to }, messages[to]);
}
