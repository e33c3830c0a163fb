import { Readiness, type ReadinessCheck } from '../../../src/platform/health/readiness.ts';
import type { ReadinessEvent } from '../../../src/platform/health/readiness-events.ts';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';

export const startedAt = new Date('2026-01-05T09:30:00.000Z');

/** Readiness over these checks, on the clock of fake timers. */
export function createReadiness(...checks: readonly ReadinessCheck[]): {
  readonly readiness: Readiness;
  readonly events: ReadinessEvent[];
} {
  const stream = new EventStream<ReadinessEvent>((error) => {
    throw error;
  });
  const events: ReadinessEvent[] = [];
  stream.subscribe((event) => events.push(event));
  return { readiness: new Readiness({ checks, clock: { now: () => new Date() }, events: stream }), events };
}

/** A check that says what it is told to, and counts how often it is asked. */
export class ScriptedCheck implements ReadinessCheck {
  readonly name: string;
  asked = 0;
  /** Null: all is well. */
  failure: Error | null = null;

  constructor(name: string) {
    this.name = name;
  }

  async check(): Promise<void> {
    this.asked += 1;
    if (this.failure !== null) throw this.failure;
  }
}
