import Joi from 'joi';
import type { EnrichmentData } from './enrichment-client.ts';

/**
 * `JSON.parse` takes any depth, but `JSON.stringify` runs out of stack at some thousand levels, and 64 KiB have room
 * for 60,000. Whoever passes the data on must be able to write it.
 */
const depthMax = 100;

const answerSchema = Joi.object<EnrichmentData>()
  .required()
  .custom((value: EnrichmentData, { error }) => (isDeeperThan(depthMax, value) ? error('any.invalid') : value));

/** @returns the provider's object, or `null` when the text is not a JSON object that can be passed on */
export function parseEnrichmentData(text: string): EnrichmentData | null {
  const { value, error } = answerSchema.validate(parseJson(text));
  return error === undefined ? value : null;
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
