import type { Order, Report } from './messages.ts';

/** How a process ended; both are null when it could not even be started. */
export interface WorkerExit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A process that does the service's work, as its supervisor sees it. */
export interface WorkerProcess {
  /** None that comes later has the same. */
  readonly id: number;
  /** Resolves with the port when it takes connections. May never do so. */
  readonly listening: Promise<number>;
  /** Resolves when it has ended, and all that it said has been heard. */
  readonly exited: Promise<WorkerExit>;
  /** Calls `listener` with what it says from now on. */
  onReport(listener: (report: Report) => void): void;
  /** Nothing happens when it has ended. */
  send(order: Order): void;
  /** Ends it here and now (SIGKILL). */
  kill(): void;
}
