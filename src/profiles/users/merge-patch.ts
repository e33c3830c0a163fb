import type { JsonObject, JsonValue } from './user.ts';

/**
 * JSON Merge Patch (RFC 7396): members of `patch` replace those of `target`, `null` removes, objects merge.
 *
 * Built from entries, so that a member called `__proto__` is a member like any other.
 */
export function mergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  const merged = new Map<string, JsonValue>(Object.entries(target));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) {
      merged.delete(name);
    } else if (isJsonObject(value)) {
      const current = merged.get(name);
      merged.set(name, mergePatch(isJsonObject(current) ? current : {}, value));
    } else {
      merged.set(name, value);
    }
  }
  return Object.fromEntries(merged);
}

function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
