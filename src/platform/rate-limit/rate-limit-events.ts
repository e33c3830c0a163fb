export type RateLimitEvent =
  | { readonly type: 'decided'; readonly outcome: 'allowed' | 'limited' }
  /** The shared counter could not be asked; the process counts for itself until it can. */
  | { readonly type: 'store-failed'; readonly error: unknown }
  | { readonly type: 'store-regained' };
