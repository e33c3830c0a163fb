import { describe, expect, it } from '@jest/globals';
import { traced } from '../../../src/platform/telemetry/traced.ts';
import { noTracing, type Tracing } from '../../../src/platform/telemetry/tracing.ts';

/** A service with a private field, as ours are. */
class Greeter {
  readonly #greeting = 'Hello';

  async greet(name: string): Promise<string> {
    return await Promise.resolve(`${this.#greeting} ${name}`);
  }

  async fail(): Promise<never> {
    return await Promise.reject(new Error('no'));
  }
}

describe('A traced service', () => {
  it('is called within a span of its name and that of the method', async () => {
    const names: string[] = [];
    const tracing: Tracing = {
      ...noTracing,
      enabled: true,
      inSpan: async (name, options, work) => {
        names.push(name);
        return await noTracing.inSpan(name, options, work);
      },
    };
    const greeter = traced(tracing, 'greetings', new Greeter());
    expect(await greeter.greet('Ada')).toBe('Hello Ada');
    await expect(greeter.fail()).rejects.toThrow('no');
    expect(names).toEqual(['greetings.greet', 'greetings.fail']);
  });

  it('is the service itself when there are no traces', () => {
    const greeter = new Greeter();
    expect(traced(noTracing, 'greetings', greeter)).toBe(greeter);
  });
});
