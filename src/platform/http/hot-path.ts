import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * The way to a route that leads past Express, for requests in which there is nothing to validate: what Express and Joi
 * do for a plain read costs several times the read. It ends at the same function of the controller as the route does;
 * request id, headers, log line, metrics, trace and problems are the same.
 *
 * It is not taken where something stands between the client and the route that it knows nothing of: rate limits, other
 * origins (CORS), a request without `Host`, a service whose drain is over.
 */
export interface HotPath {
  /** The template of the route, as its router has it. */
  readonly route: string;
  /** Whose representation is asked for, in so plain a way that the route would find nothing wrong; null: ask the route. */
  idOf(req: IncomingMessage): string | null;
  /** Whether the answer is in memory: in an overloaded process, to refuse it would cost as much as to give it. */
  isAtHand(id: string): boolean;
  /**
   * Answers, at once when it returns nothing.
   *
   * @throws what the route would throw; it becomes the same problem
   */
  answer(id: string, req: IncomingMessage, res: ServerResponse): Promise<void> | undefined;
}

/**
 * The hot paths that may be taken: none where every request has to pass what only the application has, nor once the
 * drain is over, when requests are refused.
 */
export function usableHotPaths(
  hotPaths: readonly HotPath[],
  config: { readonly corsOrigins: readonly string[]; readonly rateLimitPerMinute: number | null },
  stop: { readonly drained: boolean },
): readonly HotPath[] {
  if (config.corsOrigins.length > 0 || config.rateLimitPerMinute !== null) return [];
  return hotPaths.map((path) => ({
    route: path.route,
    idOf: (req) => (stop.drained ? null : path.idOf(req)),
    isAtHand: (id) => path.isAtHand(id),
    answer: (id, req, res) => path.answer(id, req, res),
  }));
}

/** Whether one of these has the answer to a request at hand. */
export function isAtHand(hotPaths: readonly HotPath[], req: IncomingMessage): boolean {
  return hotPaths.some((path) => {
    const id = path.idOf(req);
    return id !== null && path.isAtHand(id);
  });
}
