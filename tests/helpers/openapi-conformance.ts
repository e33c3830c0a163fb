import type { RequestListener } from 'node:http';
import supertest, { type Response, type Test } from 'supertest';
import {
  find,
  keysOf,
  parametersOf,
  type Place,
  templateOf,
  valueOf,
  violationsOf,
  within,
} from './openapi-document.ts';

/** A request and its answer, as they went over the wire. */
export interface Exchange {
  readonly method: string;
  /** As in the request line: encoded, with the query. */
  readonly path: string;
  /** What the body of the request held, read as JSON; undefined when there was none or it was not JSON. */
  readonly requestBody?: unknown;
  /** The media type of the request's body; `application/json` if not given. */
  readonly requestType?: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

export type ConformingAgent = ReturnType<typeof conformingAgent>;

/** supertest against a server, or a handler: every answer is held against openapi.yaml before the test sees it. */
export function conformingAgent(target: string | RequestListener) {
  return supertest
    .agent(target)
    .use((test: Test) => void test.expect((response) => expectConforms(exchangeOf(test, response))));
}

/**
 * Holds an answer against openapi.yaml: status, headers and body have to be as it says, and nothing else. A success has
 * to answer a request that the file allows.
 *
 * @throws Error that names each difference
 */
export function expectConforms(exchange: Exchange): void {
  const differences = differencesOf(exchange);
  if (differences.length === 0) return;
  const { method, path, status, body } = exchange;
  throw new Error(
    [`${method} ${path}, answered with ${status}, is not as openapi.yaml says:`, ...differences, body].join('\n  '),
  );
}

function differencesOf(exchange: Exchange): string[] {
  const [pathname = ''] = exchange.path.split('?');
  const template = templateOf(pathname);
  if (template === undefined) return answerDifferences(exchange, find('components', 'responses', 'RouteNotFound'), 404);

  const methods = keysOf(find('paths', template));
  const method = exchange.method.toLowerCase();
  // Which method it is does not matter for a path that cannot be read.
  if (exchange.status === 400 && !isDecodable(pathname)) {
    return answerDifferences(exchange, find('paths', template, methods[0] ?? '', 'responses', '400'), 400);
  }
  if (method === 'options') return [...allowDifferences(exchange, methods), ...optionsDifferences(exchange)];
  const documented = method === 'head' ? 'get' : method;
  if (!methods.includes(documented)) {
    const response = find('paths', template, methods[0] ?? '', 'responses', '405');
    return [...answerDifferences(exchange, response, 405), ...allowDifferences(exchange, methods)];
  }

  const responses = find('paths', template, documented, 'responses');
  // 405 stands in the file for the methods that do not.
  const statuses = keysOf(responses).filter((status) => status !== '405');
  if (responses === undefined || !statuses.includes(String(exchange.status))) {
    return [`The status is none of ${statuses.join(', ')}.`];
  }
  return [
    ...answerDifferences(exchange, within(responses, String(exchange.status)), exchange.status),
    ...(exchange.status < 300 ? requestDifferences(exchange, template, documented) : []),
  ];
}

function answerDifferences(exchange: Exchange, response: Place | undefined, status: number): string[] {
  if (response === undefined || exchange.status !== status) return [`The status is not ${status}.`];
  return [...headerDifferences(exchange, response), ...bodyDifferences(exchange, response)];
}

/**
 * What every server sends, and what is for browsers rather than for programs; all other headers are part of the contract
 * and stand in the file.
 */
const transportHeaders = new Set([
  'access-control-allow-headers',
  'access-control-allow-methods',
  'access-control-allow-origin',
  'access-control-expose-headers',
  'access-control-max-age',
  'connection',
  'content-length',
  'content-security-policy',
  'content-type',
  'cross-origin-resource-policy',
  'date',
  'keep-alive',
  'referrer-policy',
  'transfer-encoding',
  'vary',
  'x-content-type-options',
  'x-frame-options',
]);

function headerDifferences({ headers }: Exchange, response: Place): string[] {
  const names = keysOf(within(response, 'headers'));
  const undocumented = Object.keys(headers)
    .filter((sent) => !transportHeaders.has(sent.toLowerCase()))
    .filter((sent) => !names.some((name) => name.toLowerCase() === sent.toLowerCase()))
    .map((sent) => `The header ${sent} is not documented.`);
  const invalid = names.flatMap((name) => {
    const header = within(response, 'headers', name);
    const schema = header && within(header, 'schema');
    if (header === undefined || schema === undefined) return [`The header ${name} has no schema.`];
    const value = headerOf(headers, name);
    if (value === undefined) return header.value['required'] === true ? [`The header ${name} is missing.`] : [];
    return violationsOf(schema, valueOf(schema, value)).map((violation) => `The header ${name}${violation}.`);
  });
  return [...undocumented, ...invalid];
}

function bodyDifferences({ method, headers, body }: Exchange, response: Place): string[] {
  const contentType = headerOf(headers, 'content-type');
  const content = within(response, 'content');
  if (content === undefined) {
    return [
      ...(contentType === undefined ? [] : ['There is a Content-Type, and no content is documented.']),
      ...(body === '' ? [] : ['There is a body, and none is documented.']),
    ];
  }
  const [mediaType = '', ...parameters] = (contentType ?? '').toLowerCase().split(/;\s*/);
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length);
  const schema = within(content, mediaType, 'schema');
  if (schema === undefined) return [`The media type ${contentType} is none of ${keysOf(content).join(', ')}.`];
  if (charset !== 'utf-8') return [`The charset of ${contentType} is not UTF-8.`];
  if (method.toUpperCase() === 'HEAD') return body === '' ? [] : ['There is a body in an answer to HEAD.'];
  const value = mediaType.endsWith('json') ? parseJson(body) : body;
  if (value === undefined) return ['The body is not JSON.'];
  return violationsOf(schema, value).map((violation) => `The body${violation}.`);
}

/** `Allow` names what the file documents, HEAD with GET, and OPTIONS. */
function allowDifferences({ headers }: Exchange, methods: readonly string[]): string[] {
  const implied = methods.includes('get') ? ['head', 'options'] : ['options'];
  const expected = [...methods, ...implied]
    .map((method) => method.toUpperCase())
    .sort()
    .join(', ');
  const allowed = headerOf(headers, 'allow')?.split(', ').sort().join(', ');
  return allowed === expected ? [] : [`Allow names ${allowed}; the file documents ${expected}.`];
}

function optionsDifferences({ status, headers, body }: Exchange): string[] {
  return [
    ...(status === 204 ? [] : ['The status is not 204.']),
    ...(body === '' ? [] : ['There is a body.']),
    ...(headerOf(headers, 'x-request-id') === undefined ? ['The header X-Request-Id is missing.'] : []),
  ];
}

/** A success must not answer what the file refuses: then the file promises less than the server does. */
function requestDifferences(exchange: Exchange, template: string, method: string): string[] {
  const url = new URL(exchange.path, 'http://server');
  const segments = url.pathname.split('/');
  const parameters = parametersOf(template, method).flatMap(({ name, in: where, required, schema }) => {
    const inPath = () => decodeURIComponent(segments[template.split('/').indexOf(`{${name}}`)] ?? '');
    if (where === 'header') return [];
    const text = where === 'path' ? inPath() : url.searchParams.get(name);
    if (text === null) return required ? [`The request succeeds without ${name}.`] : [];
    const violations = violationsOf(schema, valueOf(schema, text));
    return violations.map((violation) => `The request succeeds, but its ${name}${violation}.`);
  });

  const { requestBody, requestType = 'application/json' } = exchange;
  const content = find('paths', template, method, 'requestBody', 'content');
  if (content === undefined) return parameters;
  const schema = within(content, requestType, 'schema');
  if (schema === undefined) return [...parameters, `The request succeeds, but ${requestType} is not documented.`];
  const violations = violationsOf(schema, requestBody);
  return [...parameters, ...violations.map((violation) => `The request succeeds, but its body${violation}.`)];
}

function exchangeOf(test: Test, response: Response): Exchange {
  const { data, headers } = test.toJSON();
  const type = Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-type')?.[1];
  const path = 'path' in test.req ? test.req.path : undefined;
  if (path === undefined) throw new Error('The path of the request is not known.');
  return {
    method: test.method,
    path,
    ...(data === undefined ? {} : { requestBody: typeof data === 'string' ? parseJson(data) : data }),
    ...(type === undefined ? {} : { requestType: String(type).split(';')[0] ?? '' }),
    status: response.status,
    headers: response.headers,
    body: response.text ?? '',
  };
}

function headerOf(headers: Exchange['headers'], name: string): string | undefined {
  const value = Object.entries(headers).find(([sent]) => sent.toLowerCase() === name.toLowerCase())?.[1];
  return value === undefined || typeof value === 'string' ? value : value.join(', ');
}

function isDecodable(text: string): boolean {
  try {
    return decodeURIComponent(text) !== '';
  } catch {
    return false;
  }
}

/** @returns undefined, which JSON cannot hold, when the text is not JSON */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
