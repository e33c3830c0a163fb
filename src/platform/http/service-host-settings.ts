import Joi, { type CustomHelpers } from 'joi';
import { durationMs } from '../config/setting-types.ts';
import { parseProxyTrust, type ProxyTrust } from './proxy-trust.ts';
import type { ServiceHostConfig } from './service-host.ts';

export interface ServiceHostSettings {
  PORT: number;
  HOST: string;
  SHUTDOWN_DRAIN_MS: number;
  SHUTDOWN_GRACE_MS: number;
  TRUST_PROXY?: ProxyTrust;
  RATE_LIMIT_PER_MINUTE?: number;
  CORS_ORIGINS?: readonly string[];
  OPS_TOKEN?: string;
}

export const serviceHostKeys = {
  PORT: Joi.number().port().default(8080).description('Port of the API'),
  HOST: Joi.string().hostname().default('0.0.0.0').description('Address the API listens on'),
  SHUTDOWN_DRAIN_MS: durationMs
    .min(0)
    .default(5_000)
    .description('How long requests are still taken at a stop, until load balancers have seen `/ready` say no'),
  SHUTDOWN_GRACE_MS: durationMs
    .default(15_000)
    .description('How long a stop may take in all, at least two seconds more than the drain; then what runs is cut'),
  TRUST_PROXY: Joi.string()
    .custom(proxyTrust)
    .description('Proxies whose `X-Forwarded-For` is believed: how many hops, or their addresses (`10.0.0.0/8, ::1`)'),
  RATE_LIMIT_PER_MINUTE: Joi.number()
    .integer()
    .min(1)
    .max(1_000_000)
    .description('Requests to `/api` that a client address may send in a minute'),
  CORS_ORIGINS: Joi.string()
    .custom(originList)
    .description('Web origins whose pages may call the API, by comma (`https://app.example`)'),
  OPS_TOKEN: Joi.string()
    .pattern(/^[\x21-\x7e]{16,256}$/)
    .description('Bearer token, 16 characters at least, for `/metrics` and `/ops`'),
};

/** A stop that ends with the drain would cut requests that it has just taken: a second for them, and one to close. */
const graceBeyondDrainMs = 2_000;

/** @param settings those that are right by themselves: what is not there is NaN, which is not less */
export function stopProblems(settings: Partial<ServiceHostSettings>): readonly string[] {
  return Number(settings.SHUTDOWN_GRACE_MS) < Number(settings.SHUTDOWN_DRAIN_MS) + graceBeyondDrainMs
    ? [`SHUTDOWN_GRACE_MS must be at least ${graceBeyondDrainMs} more than SHUTDOWN_DRAIN_MS`]
    : [];
}

export function toServiceHostConfig(settings: ServiceHostSettings): ServiceHostConfig {
  return Object.freeze({
    host: settings.HOST,
    port: settings.PORT,
    shutdownDrainMs: settings.SHUTDOWN_DRAIN_MS,
    shutdownGraceMs: settings.SHUTDOWN_GRACE_MS,
    proxyTrust: settings.TRUST_PROXY ?? null,
    rateLimitPerMinute: settings.RATE_LIMIT_PER_MINUTE ?? null,
    corsOrigins: Object.freeze(settings.CORS_ORIGINS ?? []),
    opsToken: settings.OPS_TOKEN ?? null,
  });
}

function proxyTrust(text: string, helpers: CustomHelpers) {
  return (
    parseProxyTrust(text) ??
    helpers.message({ custom: '{{#label}} must be a number of hops or a list of IP addresses and networks' })
  );
}

function originList(text: string, helpers: CustomHelpers) {
  const origins = text.split(',').map((part) => part.trim());
  // An origin with a path, or in another spelling, equals none that a browser sends.
  return origins.every((origin) => URL.canParse(origin) && new URL(origin).origin === origin)
    ? Object.freeze(origins)
    : helpers.message({ custom: '{{#label}} must be origins like https://app.example, by comma' });
}
