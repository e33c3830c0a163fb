export type RateLimitEvent =
  | { readonly type: 'decided'; readonly outcome: 'allowed' | 'limited' }
  /** The shared counter could not be asked; the process counted for itself. */
  | { readonly type: 'store-failed' }
  /** From now on, or not any more, each process counts for itself. */
  | { readonly type: 'store-lost'; readonly error: unknown }
  | { readonly type: 'store-regained' };
