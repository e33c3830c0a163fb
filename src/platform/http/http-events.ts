/** Why a request was refused before it was looked at: the line before the database is full, or the event loop is late. */
export type ShedReason = 'queue-full' | 'event-loop';

/** What happens to requests, as it happens. */
export type HttpEvent =
  | { readonly type: 'request-started' }
  /** Refused as `overloaded` at the front; it neither starts nor ends. */
  | { readonly type: 'request-shed'; readonly method: string; readonly reason: ShedReason }
  /** What came could not be read as HTTP, or not in time, and was answered so; it neither starts nor ends. */
  | {
      readonly type: 'request-unreadable';
      readonly requestId: string;
      readonly status: number;
      readonly code: string;
    }
  /** It has failed, and answering that has failed with `error`: its connection is cut, and the request ends by it. */
  | { readonly type: 'answer-failed'; readonly requestId: string; readonly error: unknown }
  | {
      readonly type: 'request-ended';
      readonly requestId: string;
      /** When the request belongs to a trace. */
      readonly traceId: string | undefined;
      readonly method: string;
      /** The template, such as `/api/users/:id`, or `unmatched`: never a path, which holds user data and has no bound. */
      readonly route: string;
      /** Of the answer, when at least its headers have gone out. */
      readonly status: number | undefined;
      /** The problem's code, when the answer was one. */
      readonly code: string | undefined;
      readonly durationMs: number;
      /** Whether the connection ended before the answer had gone out: the client hung up, or has been cut. */
      readonly abandoned: boolean;
      /** Whether the answer had no end of its own: it lasted as long as both sides wanted, and is never abandoned. */
      readonly isStream: boolean;
    };
