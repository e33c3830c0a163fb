type Listener<Event> = (event: Event) => void;

/** What those who listen see of a stream. */
export interface EventSource<Event> {
  /** Calls `listener` with every event from now on, until the returned function is called. */
  subscribe(listener: Listener<Event>): () => void;
}

/**
 * Hands typed events to whoever listens: synchronously, in the order of subscription, remembering nothing.
 *
 * `emit` never throws, so it may be called from the middle of anything: what a listener throws goes to
 * `onListenerError`, and the other listeners still get the event.
 */
export class EventStream<Event> implements EventSource<Event> {
  readonly #listeners = new Set<{ readonly notify: Listener<Event> }>();
  readonly #onListenerError: (error: unknown) => void;

  /** @param onListenerError must not throw; log what it is given */
  constructor(onListenerError: (error: unknown) => void) {
    this.#onListenerError = onListenerError;
  }

  subscribe(listener: Listener<Event>): () => void {
    const subscription = { notify: listener };
    this.#listeners.add(subscription);
    return () => void this.#listeners.delete(subscription);
  }

  emit(event: Event): void {
    for (const { notify } of this.#listeners) {
      try {
        notify(event);
      } catch (error) {
        this.#onListenerError(error);
      }
    }
  }
}
