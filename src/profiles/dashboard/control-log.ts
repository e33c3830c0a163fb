import type { Logger } from '../../platform/telemetry/logger.ts';
import type { ControlBreakerRequest } from './ops-schemas.ts';
import type { BreakerName } from './resilience-snapshot.ts';

/** Writes down what operators do, whether or not it changes anything: the breaker's own line tells only of a new state. */
export class ControlLog {
  readonly #logger: Pick<Logger, 'info'>;

  constructor(logger: Pick<Logger, 'info'>) {
    this.#logger = logger;
  }

  breaker(requestId: string, breaker: BreakerName, { action, by }: ControlBreakerRequest): void {
    this.#logger.info({ requestId, breaker, action, operator: by }, 'Operator controls a breaker');
  }

  provider(requestId: string, mode: string): void {
    this.#logger.info({ requestId, mode }, 'Operator controls the mock provider');
  }
}
