interface Flight<T> {
  readonly result: Promise<T>;
  callers: number;
}

/**
 * Lets all who ask for one key at the same time share one piece of work. Nothing is remembered: once the work has
 * ended, the next caller starts anew.
 *
 * Callers come and go without disturbing each other or the work. Work that nobody waits for any more goes on; it is
 * told through `wanted()`, so that it can stop at the next good moment. Whoever asks before it has ended takes it over,
 * and `wanted()` is true again: one key never has two pieces of work at once.
 */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Flight<T>>();

  /**
   * Joins the work under way for `key`, or starts it.
   *
   * @param work must look at `wanted()` before each new step that costs something
   * @param signal the caller leaves when it aborts
   * @throws what `work` throws, or the signal's reason when this caller has left
   */
  async run(key: string, work: (wanted: () => boolean) => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    const flight = this.#flights.get(key) ?? this.#start(key, work);
    flight.callers += 1;
    try {
      return await (signal === undefined ? flight.result : untilAborted(flight.result, signal));
    } finally {
      flight.callers -= 1;
    }
  }

  /** Resolves when all work that is under way now has ended. */
  async settled(): Promise<void> {
    await Promise.allSettled(Array.from(this.#flights.values(), ({ result }) => result));
  }

  #start(key: string, work: (wanted: () => boolean) => Promise<T>): Flight<T> {
    const flight: Flight<T> = {
      // `work` begins in a later microtask, when its first caller has been counted.
      result: Promise.resolve()
        .then(async () => await work(() => flight.callers > 0))
        .finally(() => this.#flights.delete(key)),
      callers: 0,
    };
    this.#flights.set(key, flight);
    return flight;
  }
}

async function untilAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: left, reject } = Promise.withResolvers<never>();
  const leave = (): void => reject(signal.reason);
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([result, left]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
