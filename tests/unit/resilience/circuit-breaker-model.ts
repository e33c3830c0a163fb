import { setImmediate as realImmediate } from 'node:timers/promises';
import { jest } from '@jest/globals';
import fc from 'fast-check';
import {
  type CircuitBreaker,
  CircuitOpenError,
  createCircuitBreaker,
} from '../../../src/platform/resilience/circuit-breaker.ts';
import type { CircuitState } from '../../../src/platform/resilience/operated-breaker.ts';
import { TimeoutError } from '../../../src/platform/resilience/deadline.ts';
import { type BreakerRules, ReferenceBreaker, type ReferenceCall } from './reference-breaker.ts';

type Step =
  /** `notFound` is a 404, which the action turns into a value. */
  | { readonly do: 'ok' | 'notFound' | 'fail' | 'hang' }
  /** The oldest (0), next oldest (1) … hanging call ends. */
  | { readonly do: 'late'; readonly succeeds: boolean; readonly which: number }
  | { readonly do: 'tick'; readonly ms: number };

interface HangingCall {
  readonly reference: ReferenceCall;
  readonly gate: PromiseWithResolvers<object>;
  readonly admitted: () => boolean;
}

const rules: fc.Arbitrary<BreakerRules> = fc.record({
  volume: fc.integer({ min: 1, max: 6 }),
  windowMs: fc.constantFrom(100, 200, 500),
  consecutiveFailures: fc.integer({ min: 1, max: 6 }),
  resetMs: fc.constantFrom(10, 60, 300),
  // Longer than a tenth of the window. Then, on the fake clock, a timeout comes before the window slides when both are
  // due in the same millisecond; real clocks promise no order.
  timeoutMs: fc.constantFrom(60, 90, 250),
});

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom<Step>({ do: 'ok' }, { do: 'notFound' }) },
    { weight: 5, arbitrary: fc.constant<Step>({ do: 'fail' }) },
    { weight: 3, arbitrary: fc.constant<Step>({ do: 'hang' }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('late'), succeeds: fc.boolean(), which: fc.nat(2) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('tick'), ms: fc.constantFrom(1, 9, 10, 30, 60, 100, 300) }) },
  ),
  { minLength: 1, maxLength: 30, size: 'max' },
);

/**
 * Drives the breaker and its reference through `runs` random sequences on a fake clock, and compares them after every
 * step. Timers must be faked, but neither `queueMicrotask` nor `nextTick`.
 *
 * @throws with the shortest diverging sequence and its seed
 */
export async function expectBreakerToBeItsModel(runs: number, seed: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(rules, steps, async (given, sequence) => {
      const comparison = new Comparison(given);
      try {
        for (const step of sequence) await comparison.take(step);
      } finally {
        await comparison.finish();
      }
    }),
    { numRuns: runs, seed },
  );
}

/** The breaker beside its reference. */
class Comparison {
  readonly #reference: ReferenceBreaker;
  readonly #breaker: CircuitBreaker;
  readonly #hanging: HangingCall[] = [];
  readonly #states: CircuitState[] = ['closed'];
  readonly #wrongResults: unknown[] = [];

  constructor(given: BreakerRules) {
    this.#reference = new ReferenceBreaker(given);
    this.#breaker = createCircuitBreaker({
      ...given,
      name: 'model',
      failureRatio: 0.5,
      onStateChange: ({ to }) => this.#states.push(to),
    });
  }

  async take(step: Step): Promise<void> {
    if (step.do === 'tick') {
      jest.advanceTimersByTime(step.ms);
      this.#reference.tick(step.ms);
    } else if (step.do === 'late') {
      const [call] = this.#hanging.splice(step.which, 1);
      if (call !== undefined) this.#end(call, step.succeeds);
    } else {
      const call = this.#start();
      if (call !== null && step.do === 'hang') this.#hanging.push(call);
      else if (call !== null) this.#end(call, step.do !== 'fail');
    }
    await realImmediate();
    equal('states', this.#states, this.#reference.states);
    equal('state', this.#breaker.state, this.#reference.state);
    equal('results', this.#wrongResults, []);
    for (const { admitted, reference } of this.#hanging) {
      equal('admission', admitted(), this.#reference.isAdmitted(reference));
    }
  }

  async finish(): Promise<void> {
    this.#breaker.shutdown();
    for (const { gate } of this.#hanging) gate.resolve(data);
    await realImmediate();
    equal('timers left', jest.getTimerCount(), 0);
  }

  #start(): HangingCall | null {
    const reference = this.#reference.start();
    const gate = Promise.withResolvers<object>();
    let admitted: (() => boolean) | undefined;
    const result = this.#breaker.execute((isAdmitted) => {
      admitted = isAdmitted;
      return gate.promise;
    });
    void this.#check(result, reference, gate.promise);
    equal('calls made', admitted !== undefined, reference !== null);
    return reference === null || admitted === undefined ? null : { reference, gate, admitted };
  }

  #end({ gate, reference }: HangingCall, succeeds: boolean): void {
    if (succeeds) gate.resolve(data);
    else gate.reject(failure);
    this.#reference.end(reference, succeeds);
  }

  async #check(result: Promise<object>, reference: ReferenceCall | null, action: Promise<object>): Promise<void> {
    const got = await outcomeOf(result);
    const right =
      reference === null
        ? got instanceof CircuitOpenError
        : reference.timedOut
          ? got instanceof TimeoutError
          : got === (await outcomeOf(action));
    if (!right) this.#wrongResults.push(got);
  }
}

const data = { status: 'notFound' };
const failure = new Error('broken');

async function outcomeOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    return await promise;
  } catch (error) {
    return error;
  }
}

/** `expect` costs more than all the rest of a step. */
function equal(what: string, actual: unknown, expected: unknown): void {
  const [actually, should] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (actually !== should) throw new Error(`${what}: the breaker has ${actually}, its model ${should}`);
}
