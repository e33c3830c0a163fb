import { type AxiosInstance, create as createAxios } from 'axios';
import { DomainError } from '../../platform/domain-error.ts';
import { withTimeout } from '../../platform/resilience/deadline.ts';
import { type ProviderChanges, type ProviderState, providerStateSchema } from './provider-state.ts';

const timeoutMs = 2_000;
const answerBytesMax = 16 * 1024;

/** The controls of the mock provider, when it is the one that stands at the provider's address. */
export class ProviderControl {
  readonly #axios: AxiosInstance;

  /** @param url of the enrichment provider */
  constructor(url: string) {
    this.#axios = createAxios({
      baseURL: url,
      allowAbsoluteUrls: false,
      proxy: false,
      maxRedirects: 0,
      maxContentLength: answerBytesMax,
      responseType: 'text',
      transformResponse: [],
      // Nothing is left open between two clicks.
      headers: { Accept: 'application/json', Connection: 'close' },
    });
  }

  /** @throws DomainError `provider-not-controllable` when it is not the mock, or does not answer within two seconds */
  async read(): Promise<ProviderState> {
    return await this.#ask('get');
  }

  /**
   * Changes the fields it is given.
   *
   * @returns the new state
   * @throws DomainError as `read`; after a timeout the change may have been made
   */
  async change(changes: ProviderChanges): Promise<ProviderState> {
    return await this.#ask('put', changes);
  }

  async #ask(method: 'get' | 'put', data?: ProviderChanges): Promise<ProviderState> {
    try {
      const answer = await withTimeout(timeoutMs, (signal) =>
        this.#axios.request<string>({ method, url: '/control', data, signal }),
      );
      const state: ProviderState = await providerStateSchema.validateAsync(JSON.parse(answer.data), { convert: false });
      return state;
    } catch (cause) {
      const message = 'What answers at the address of the provider does not take controls as the mock does.';
      throw new DomainError('provider-not-controllable', message, { cause });
    }
  }
}
