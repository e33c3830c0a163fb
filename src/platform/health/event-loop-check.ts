import type { EventLoopLag } from '../telemetry/event-loop-lag.ts';
import type { ReadinessCheck } from './readiness.ts';

const limitMs = 1_000;

/** Down for five seconds after the event loop has lagged by more than a second. */
export function createEventLoopCheck(lag: EventLoopLag): ReadinessCheck {
  return {
    name: 'event-loop',
    check: () => {
      const lagMs = Math.round(lag.longestMs());
      if (lagMs > limitMs) throw new Error(`The event loop lagged by ${lagMs} ms.`);
    },
  };
}
