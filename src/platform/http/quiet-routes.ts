/**
 * Asked every few seconds by machines and pages. While all is well nobody wants to read of it, it has no spans, and it is
 * nobody's traffic.
 */
export const quietRoutes: ReadonlySet<string> = new Set([
  '/health',
  '/ready',
  '/metrics',
  '/ops/resilience',
  '/ops/resilience/stream',
]);
