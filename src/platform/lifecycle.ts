/** Closes what was opened, last in, first out. */
export interface Lifecycle {
  /** Registers `close`; it runs once, when everything opened after it has been closed. */
  onStop(name: string, close: () => Promise<void> | void): void;
  /** Closes all, even when one of them fails; calling it again gives the same promise. */
  stop(): Promise<void>;
}

export function createLifecycle(): Lifecycle {
  const closers: { name: string; close: () => Promise<void> | void }[] = [];
  let stopping: Promise<void> | undefined;

  async function closeAll(): Promise<void> {
    const failures: Error[] = [];
    for (const { name, close } of closers.toReversed()) {
      try {
        await close();
      } catch (cause) {
        failures.push(new Error(`Closing ${name} failed.`, { cause }));
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'Some parts did not close.');
  }

  return {
    onStop: (name, close) => void closers.push({ name, close }),
    stop: async () => await (stopping ??= closeAll()),
  };
}
