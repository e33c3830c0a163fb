/**
 * All that a line may say besides its message: facts about the service, never what somebody said to it. A name that is
 * added here is a promise that its values are of the program's own making, such as a code, a count or a template.
 *
 * There are two exceptions. `requestId`: a caller may choose it, from safe characters, to find the line again.
 * `operator`: who works the controls says who he is, so that one knows whom to ask.
 */
export const allowedNames: ReadonlySet<string> = new Set([
  'action',
  'attempt',
  'attempts',
  'breaker',
  'cause',
  'changes',
  'check',
  'code',
  'committed',
  'delayMs',
  'drainMs',
  'durationMs',
  'err',
  'failing',
  'failure',
  'from',
  'httpStatus',
  'lostSpans',
  'method',
  'migration',
  'mode',
  'node',
  'operator',
  'origin',
  'outcome',
  'port',
  'reason',
  'replica',
  'requestId',
  'requests',
  'retry',
  'retryMs',
  'route',
  'signal',
  'status',
  'successor',
  'summary',
  'to',
  'traceId',
  'version',
  'worker',
  'workers',
]);

/**
 * What of `fields` may be written. The rest is counted in `withheld`, because even a name could be a client's: look for
 * the line's message in the sources to see what was meant to be there.
 */
export function allowedFields(fields: object): Record<string, unknown> {
  const allowed: Record<string, unknown> = {};
  let withheld = 0;
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    if (allowedNames.has(name) && (name === 'err' || isFlat(value))) allowed[name] = value;
    else withheld += 1;
  }
  return withheld === 0 ? allowed : { ...allowed, withheld };
}

/** Text, a number, a list of texts, counts by name: no object that somebody else has made, such as a body. */
function isFlat(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every((item) => typeof item === 'string');
  return Object.values(value).every((item) => typeof item === 'number');
}
