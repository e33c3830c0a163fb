import { describe, expect, it } from '@jest/globals';
import { EventStream } from '../../../src/platform/telemetry/event-stream.ts';

describe('an event stream', () => {
  const unexpected = (error: unknown): never => {
    throw error;
  };

  it('hands every event to all listeners, in the order of subscription', () => {
    const stream = new EventStream<number>(unexpected);
    const seen: string[] = [];
    stream.subscribe((event) => seen.push(`first ${event}`));
    stream.subscribe((event) => seen.push(`second ${event}`));
    stream.emit(1);
    stream.emit(2);
    expect(seen).toEqual(['first 1', 'second 1', 'first 2', 'second 2']);
  });

  it('ends one subscription at a time, also when one function has two', () => {
    const stream = new EventStream<number>(unexpected);
    const seen: number[] = [];
    const listener = (event: number) => void seen.push(event);
    const unsubscribe = stream.subscribe(listener);
    stream.subscribe(listener);
    unsubscribe();
    unsubscribe();
    stream.emit(1);
    expect(seen).toEqual([1]);
  });

  it('reports what a listener throws, and neither the emitter nor the other listeners notice', () => {
    const errors: unknown[] = [];
    const stream = new EventStream<number>((error) => errors.push(error));
    const failure = new Error('listener');
    const seen: number[] = [];
    stream.subscribe(() => {
      throw failure;
    });
    stream.subscribe((event) => seen.push(event));
    stream.emit(1);
    expect(seen).toEqual([1]);
    expect(errors).toEqual([failure]);
  });
});
