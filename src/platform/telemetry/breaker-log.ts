import type { CircuitState, CircuitStateChange } from '../resilience/operated-breaker.ts';
import type { WriteLine } from './logger.ts';

const messages = {
  closed: 'Circuit Breaker CLOSED',
  open: 'Circuit Breaker OPEN',
  'half-open': 'Circuit Breaker HALF_OPEN',
} as const satisfies Record<CircuitState, string>;

/** One line for a change of a breaker: a warning when it opens, with the operator's name when one has made it. */
export function logBreakerChange(
  logger: { readonly info: WriteLine; readonly warn: WriteLine },
  breaker: string,
  { from, to, by }: Omit<CircuitStateChange, 'name'>,
): void {
  logger[to === 'open' ? 'warn' : 'info'](
    { breaker, from, to, ...(by === null ? {} : { operator: by }) },
    messages[to],
  );
}
