/** What happens to requests, as it happens. */
export type HttpEvent =
  | { readonly type: 'request-started' }
  | {
      readonly type: 'request-ended';
      readonly requestId: string;
      readonly method: string;
      /** The template, such as `/api/users/:id`, or `unmatched`: never a path, which holds user data and has no bound. */
      readonly route: string;
      /** Of the answer; of the one that was under way when the client hung up. */
      readonly status: number;
      /** The problem's code, when the answer was one. */
      readonly code: string | undefined;
      readonly durationMs: number;
      /** Whether the client hung up before its answer had gone out. */
      readonly abandoned: boolean;
    };
