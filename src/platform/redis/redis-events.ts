/** What happens to the connection to Redis: told when that changes, not for each attempt to connect. */
export type RedisEvent =
  /**
   * It was lost, or could not be made at the start. `code`: the system's (`ECONNREFUSED`), the first word of what Redis
   * has replied (`WRONGPASS`), or `no-answer`.
   */
  { readonly type: 'connection-lost'; readonly code: string } | { readonly type: 'connection-regained' };
