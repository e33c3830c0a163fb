import type { Order, Report } from './messages.ts';

/** How a process ended. */
export interface WorkerExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** Why it could not even be started, when the other two are null; else null. */
  readonly error: unknown;
}

/** How a process is to begin. */
export interface WorkerStart {
  /** Whether it takes over from one that serves: then it takes no connections before it can do its work. */
  readonly isSuccessor: boolean;
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
