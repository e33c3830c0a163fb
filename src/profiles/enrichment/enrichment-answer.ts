import Joi from 'joi';

/**
 * `JSON.parse` takes any depth, but `JSON.stringify` runs out of stack at some thousand levels, and 64 KiB have room
 * for 60,000. A client must be able to write what it has read.
 */
const depthMax = 100;

const answerSchema = Joi.object()
  .required()
  .custom((value: object, { error }) => (isDeeperThan(depthMax, value) ? error('any.invalid') : value));

/** @returns the JSON of the provider's object, or `null` when the text is not a JSON object that can be passed on */
export function enrichmentJsonIn(text: string): string | null {
  return answerSchema.validate(parseJson(text)).error === undefined ? text.trim() : null;
}

/** @returns `undefined`, which JSON cannot hold, when the text is not JSON */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(levels - 1, inner));
}
