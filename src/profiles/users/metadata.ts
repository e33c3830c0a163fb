import type { JsonObject, JsonValue } from './user.ts';

export const metadataBytesMax = 16 * 1024;
export const metadataDepthMax = 5;

/**
 * Says what is wrong with `metadata`, or null.
 *
 * The object itself is level one, so five levels are `{a:{b:{c:{d:{}}}}}`. NUL and lone surrogates are refused, since
 * not every engine can store them, and numbers beyond a double, since they would come back as null.
 */
export function metadataProblem(metadata: JsonObject): string | null {
  const problem = metadataShapeProblem(metadata);
  if (problem !== null) return problem;
  return Buffer.byteLength(JSON.stringify(metadata)) > metadataBytesMax
    ? `must have ${metadataBytesMax} bytes at most when serialised`
    : null;
}

/**
 * The same without the size. It holds for a merge patch as well: what a patch nests, its result nests too, and only
 * what is known to be shallow may be walked by recursion.
 */
export function metadataShapeProblem(metadata: JsonObject): string | null {
  return valueProblem(metadata, 1);
}

function valueProblem(value: JsonValue, depth: number): string | null {
  if (typeof value === 'string') return isStorable(value) ? null : 'must not hold NUL or lone surrogates';
  if (typeof value === 'number') return Number.isFinite(value) ? null : 'must not hold numbers beyond double precision';
  if (typeof value !== 'object' || value === null) return null;
  if (depth > metadataDepthMax) return `must be nested ${metadataDepthMax} levels deep at most`;
  for (const [key, child] of Object.entries(value)) {
    const problem = valueProblem(key, depth) ?? valueProblem(child, depth + 1);
    if (problem !== null) return problem;
  }
  return null;
}

/** Whether text survives every engine: well-formed Unicode without NUL. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}
