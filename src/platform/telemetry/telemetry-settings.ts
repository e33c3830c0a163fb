import Joi, { type CustomHelpers } from 'joi';
import { baseUrl } from '../config/setting-types.ts';
import { type LogLevel, logLevels } from './logger.ts';

export interface TelemetrySettings {
  LOG_LEVEL: LogLevel;
  OTEL_EXPORTER_OTLP_ENDPOINT?: string;
  BUILD_REVISION: string;
}

/** What a service tells of itself. */
export interface TelemetryConfig {
  readonly logLevel: LogLevel;
  /** Where traces go, without `/v1/traces`; null: none are made. */
  readonly otlpEndpoint: string | null;
  /** Of the sources that this was built from. */
  readonly revision: string;
}

export const telemetryKeys = {
  LOG_LEVEL: Joi.string()
    .valid(...logLevels)
    .default('info')
    .description('Least level that is logged'),
  OTEL_EXPORTER_OTLP_ENDPOINT: Joi.string()
    .uri({ scheme: ['http', 'https'] })
    .custom(otlpBaseUrl)
    .description('Where traces are sent, by OTLP over HTTP (`http://localhost:4318`)'),
  BUILD_REVISION: Joi.string()
    .pattern(/^[\w.+-]{1,64}$/)
    .default('unknown')
    .description('What was built, such as a commit; a label of `service_build_info`'),
};

export function toTelemetryConfig(settings: TelemetrySettings): TelemetryConfig {
  return Object.freeze({
    logLevel: settings.LOG_LEVEL,
    otlpEndpoint: settings.OTEL_EXPORTER_OTLP_ENDPOINT ?? null,
    revision: settings.BUILD_REVISION,
  });
}

/** That of all signals. The path of one is appended to it, and often given by mistake. */
function otlpBaseUrl(text: string, helpers: CustomHelpers) {
  return /\/v1\/traces\/*$/.test(text)
    ? helpers.message({ custom: '{{#label}} must not end in /v1/traces, which is appended to it' })
    : baseUrl(text, helpers);
}
