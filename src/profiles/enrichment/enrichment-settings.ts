import Joi from 'joi';
import { baseUrl, count, durationMs } from '../../platform/config/setting-types.ts';
import type { EnrichmentConfig } from './enrichment-config.ts';

export interface EnrichmentSettings {
  ENRICHMENT_URL: string;
  ENRICHMENT_ATTEMPT_TIMEOUT_MS: number;
  ENRICHMENT_DEADLINE_MS: number;
  ENRICHMENT_MAX_CONCURRENT: number;
  ENRICHMENT_BREAKER_VOLUME: number;
  ENRICHMENT_BREAKER_WINDOW_MS: number;
  ENRICHMENT_BREAKER_CONSECUTIVE_FAILURES: number;
  ENRICHMENT_BREAKER_RESET_MS: number;
}

export const enrichmentKeys = {
  ENRICHMENT_URL: Joi.string()
    .uri({ scheme: ['http', 'https'] })
    .custom(baseUrl)
    .required()
    .description('Address of the enrichment provider'),
  ENRICHMENT_ATTEMPT_TIMEOUT_MS: durationMs.default(500).description('How long one attempt at the provider may take'),
  ENRICHMENT_DEADLINE_MS: durationMs
    .default(3_000)
    .description('How long a call to the provider may take, retries included'),
  ENRICHMENT_MAX_CONCURRENT: count.default(100).description('Calls to the provider at once at most'),
  ENRICHMENT_BREAKER_VOLUME: count
    .default(5)
    .description('Calls in the window before the error share can open the breaker'),
  ENRICHMENT_BREAKER_WINDOW_MS: durationMs.min(10).default(10_000).description('The window in which calls are counted'),
  ENRICHMENT_BREAKER_CONSECUTIVE_FAILURES: count.default(5).description('Failures in a row that open the breaker'),
  ENRICHMENT_BREAKER_RESET_MS: durationMs
    .default(10_000)
    .description('How long an open breaker waits before its probe'),
};

/** Each of these must not be less than the one behind it. */
const orders: readonly (readonly [keyof EnrichmentSettings, keyof EnrichmentSettings])[] = [
  // Calls that began before the breaker opened should have ended when the probe decides, or both burden the provider.
  ['ENRICHMENT_BREAKER_RESET_MS', 'ENRICHMENT_DEADLINE_MS'],
  ['ENRICHMENT_DEADLINE_MS', 'ENRICHMENT_ATTEMPT_TIMEOUT_MS'],
];

/** @param settings those that are right by themselves: what is not there is NaN, which is not less */
export function enrichmentProblems(settings: Partial<EnrichmentSettings>): readonly string[] {
  return orders
    .filter(([name, other]) => Number(settings[name]) < Number(settings[other]))
    .map(([name, other]) => `${name} must not be less than ${other}`);
}

export function toEnrichmentConfig(settings: EnrichmentSettings): EnrichmentConfig {
  return Object.freeze({
    url: settings.ENRICHMENT_URL,
    attemptTimeoutMs: settings.ENRICHMENT_ATTEMPT_TIMEOUT_MS,
    deadlineMs: settings.ENRICHMENT_DEADLINE_MS,
    maxConcurrent: settings.ENRICHMENT_MAX_CONCURRENT,
    breaker: Object.freeze({
      volume: settings.ENRICHMENT_BREAKER_VOLUME,
      windowMs: settings.ENRICHMENT_BREAKER_WINDOW_MS,
      consecutiveFailures: settings.ENRICHMENT_BREAKER_CONSECUTIVE_FAILURES,
      resetMs: settings.ENRICHMENT_BREAKER_RESET_MS,
    }),
  });
}
