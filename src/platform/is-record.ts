/** Whether it is an object, whose members can be asked for one by one; of what comes from outside, that is all there is to know. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
