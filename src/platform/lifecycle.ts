/** Closes what was opened, last in, first out. */
export interface Lifecycle {
  /** Whether `stop` has been called: what is opened now is closed at once. */
  readonly stopping: boolean;
  /** Registers `close`; it runs once, when everything opened after it has been closed, and is told why. */
  onStop(name: string, close: Close): void;
  /** Closes all, even when one of them fails. Safe to call again. */
  stop(reason?: string): Promise<void>;
}

type Close = (reason: string) => Promise<void> | void;

export function createLifecycle(): Lifecycle {
  const closers: { name: string; close: Close }[] = [];
  let stopping: Promise<void> | undefined;

  async function closeAll(reason: string): Promise<void> {
    const failures: Error[] = [];
    // What is still being opened registers itself while this runs, and is next.
    for (let closer = closers.pop(); closer; closer = closers.pop()) {
      try {
        await closer.close(reason);
      } catch (cause) {
        failures.push(new Error(`Closing ${closer.name} failed.`, { cause }));
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'Some parts did not close.');
  }

  return {
    get stopping() {
      return stopping !== undefined;
    },
    onStop: (name, close) => void closers.push({ name, close }),
    // Another call closes what was registered after the one before had ended.
    stop: async (reason = 'stop') => await (stopping = (stopping ?? Promise.resolve()).then(() => closeAll(reason))),
  };
}
