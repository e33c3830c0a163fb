import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import {
  type AxiosAdapter,
  AxiosError,
  AxiosHeaders,
  type AxiosInstance,
  create as createAxios,
  getAdapter,
  type InternalAxiosRequestConfig,
  isAxiosError,
} from 'axios';
import axiosRetry, { retryAfter } from 'axios-retry';
import { TimeoutError, withTimeout } from '../../platform/resilience/deadline.ts';
import { enrichmentJsonIn } from './enrichment-answer.ts';
import type { EnrichmentAnswer } from './enrichment-client.ts';
import type { Failure } from './enrichment-events.ts';

const answerBytesMax = 64 * 1024;

/** An attempt got no answer from the provider. */
export class AttemptError extends Error {
  readonly failure: Failure;
  /** How long the provider asked to be left alone (`Retry-After`, RFC 9110, 10.2.3); 0 when it did not ask. */
  readonly retryAfterMs: number;
  /**
   * What was to be sent. axios-retry retries only errors that carry it, and sends it again as it is: it must not hold
   * the attempt's own signal, which has aborted when the attempt took too long.
   */
  readonly config: InternalAxiosRequestConfig;

  constructor(failure: Failure, retryAfterMs: number, config: InternalAxiosRequestConfig, options?: ErrorOptions) {
    super(`The enrichment provider gave no answer: ${failure.kind}.`, options);
    this.name = 'AttemptError';
    this.failure = failure;
    this.retryAfterMs = retryAfterMs;
    this.config = config;
  }
}

/** Milliseconds before retry number `retry`: 100, 200, 400. */
export const retryDelayMs = (retry: number): number => 100 * 2 ** (retry - 1);

/** The HTTP side of the enrichment client: one axios instance with its retries, and the sockets that it keeps. */
export class EnrichmentHttp {
  readonly axios: AxiosInstance;
  readonly #agents: { readonly httpAgent: HttpAgent; readonly httpsAgent: HttpsAgent };
  readonly #adapter: AxiosAdapter;

  constructor(url: string, maxSockets: number, adapter: AxiosAdapter = getAdapter('http')) {
    const agentOptions = { keepAlive: true, maxSockets };
    this.#agents = { httpAgent: new HttpAgent(agentOptions), httpsAgent: new HttpsAgent(agentOptions) };
    this.#adapter = adapter;
    // No `timeout`: it measures silence, which a body that drips keeps breaking. `attempt` bounds the time instead.
    this.axios = createAxios({
      ...this.#agents,
      baseURL: url,
      // CVE-2025-27152: a path that looks like a URL would replace the base.
      allowAbsoluteUrls: false,
      proxy: false,
      maxRedirects: 0,
      maxContentLength: answerBytesMax,
      responseType: 'text',
      transformResponse: [],
      validateStatus: (status) => status === 200 || status === 404,
      headers: { Accept: 'application/json' },
    });
    axiosRetry(this.axios, { retries: 3, retryDelay: retryDelayMs });
  }

  /**
   * Sends the request once, and reads and checks the answer, all within `timeoutMs`.
   *
   * @param headers for this attempt only, beyond those of `config`
   * @throws AttemptError when the provider is at fault; anything else is a defect of ours
   */
  async attempt(
    config: InternalAxiosRequestConfig,
    timeoutMs: number,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<EnrichmentAnswer> {
    const request = { ...config, headers: AxiosHeaders.concat(config.headers, headers) };
    try {
      const response = await withTimeout(timeoutMs, async (signal) => await this.#adapter({ ...request, signal }));
      if (response.status === 404) return { status: 'notFound' };
      // axios lets a status of 000 pass whatever `validateStatus` says.
      if (response.status !== 200) throw new AttemptError({ kind: 'malformed' }, 0, config);
      const json = enrichmentJsonIn(String(response.data));
      if (json === null) throw new AttemptError({ kind: 'malformed' }, 0, config);
      return { status: 'available', json };
    } catch (error) {
      if (isAxiosError(error) && statusOf(error) === 404) return { status: 'notFound' };
      const failure = explain(error);
      if (failure === null) throw error;
      throw new AttemptError(failure, isAxiosError(error) ? retryAfter(error) : 0, config, { cause: error });
    }
  }

  /** Cuts all connections; attempts under way fail. */
  close(): void {
    this.#agents.httpAgent.destroy();
    this.#agents.httpsAgent.destroy();
  }
}

/** @returns `null` when it is not the provider's fault */
function explain(error: unknown): Failure | null {
  if (error instanceof TimeoutError) return { kind: 'timeout' };
  if (!isAxiosError(error) || error.request === undefined) return null;
  const status = statusOf(error);
  if (status !== undefined && status !== 200) return explainStatus(status);
  // axios' own code without a response is its size limit; with one, a connection that broke off within the body.
  if (error.code === AxiosError.ERR_BAD_RESPONSE) return { kind: error.response ? 'network' : 'oversized' };
  const code = error.code === undefined ? {} : { code: error.code };
  // The codes of llhttp, zlib, Zstandard and Brotli.
  return { kind: /^(HPE_|Z_|ZSTD_|ERR__ERROR_)/.test(error.code ?? '') ? 'malformed' : 'network', ...code };
}

function explainStatus(status: number): Failure {
  if (status >= 500 && status <= 599) return { kind: 'server-error', status };
  return { kind: status === 429 ? 'rate-limited' : 'unexpected-status', status };
}

/** The status, also of a response whose body broke off or was too long: axios reports those without the response. */
function statusOf(error: AxiosError): number | undefined {
  const status: unknown = error.response?.status ?? error.request?.res?.statusCode;
  return typeof status === 'number' ? status : undefined;
}
