import { describe, expect, it } from '@jest/globals';
import { type Exchange, expectConforms } from '../../helpers/openapi-conformance.ts';
import {
  creating,
  failing,
  json,
  patching,
  reading,
  requestId,
  user,
  validators,
  withBody,
  withHeaders,
} from './exchanges.ts';

const allow = 'GET, HEAD, POST, OPTIONS';
const enriched = (members: Record<string, unknown>) =>
  withBody(reading({ path: '/api/users/ada/enriched', headers: { ...json, 'cache-control': 'no-store' } }), members);

describe('expectConforms accepts', () => {
  it.each<[string, Exchange]>([
    ['a read', reading()],
    [
      'header names in any case',
      withHeaders(reading({ headers: { ETag: '"1"' } }), { ...json, 'Cache-Control': 'private, no-cache' }),
    ],
    ['a create', creating()],
    ['a create that was there', creating({ status: 200 })],
    ['a patch in each of its media types', patching({ requestType: 'application/merge-patch+json' })],
    [
      'an answer without content',
      reading({ status: 304, headers: { 'x-request-id': requestId, ...validators }, body: '' }),
    ],
    ['HEAD, which has the headers alone', reading({ method: 'HEAD', body: '' })],
    [
      'OPTIONS',
      reading({
        method: 'OPTIONS',
        path: '/api/users',
        status: 204,
        headers: { allow, 'x-request-id': requestId },
        body: '',
      }),
    ],
    [
      'a page and its optional header',
      reading({
        path: '/api/users?limit=1&sort=-name',
        headers: { ...json, link: '</api/users?cursor=x>; rel="next"' },
        body: JSON.stringify({ data: [user], nextCursor: 'x' }),
      }),
    ],
    ['enriched data', enriched({ enrichedData: { a: 1 }, enrichedDataStatus: 'available' })],
    ['no enriched data', enriched({ enrichedData: null, enrichedDataStatus: 'unavailable' })],
    ['an error', failing('user-not-found', 404)],
    [
      'an error with violations',
      withBody(failing('validation-failed', 400), { errors: [{ pointer: '#/path/id', detail: 'D' }] }),
    ],
    [
      'a method that is not documented',
      withHeaders(failing('method-not-allowed', 405, { method: 'DELETE', path: '/api/users' }), { allow }),
    ],
    ['a path that is not documented', failing('route-not-found', 404, { path: '/api/orders' })],
    ['503 and when to come back', withHeaders(failing('overloaded', 503), { 'retry-after': '1' })],
    [
      'text',
      reading({
        path: '/problems/overloaded',
        headers: { ...json, 'content-type': 'text/html; charset=utf-8' },
        body: '<p>',
      }),
    ],
  ])('%s', (_what, exchange) => {
    expect(() => expectConforms(exchange)).not.toThrow();
  });
});

describe('expectConforms refuses', () => {
  it.each<[string, Exchange, RegExp]>([
    ['a status that is not documented', reading({ status: 418 }), /status is none of 200, 304, 400/],
    ['a problem that this operation does not have', failing('email-taken', 409), /status is none of/],
    ['a problem that this status does not have', failing('route-not-found', 404), /body\/code .*user-not-found/],
    ['a problem that says another status', withBody(failing('user-not-found', 404), { status: 410 }), /body\/status/],
    ['405 for a documented method', withHeaders(failing('method-not-allowed', 405), { allow }), /status is none of/],
    ['a field that is not documented', withBody(reading(), { password: 'x' }), /body .*unevaluated.*password/],
    [
      'a field too many in a problem',
      withBody(failing('user-not-found', 404), { stack: 'x' }),
      /body .*additional.*stack/,
    ],
    ['a missing field', withBody(reading(), { version: undefined }), /body .*required.*version/],
    ['a field of another type', withBody(reading(), { version: '1' }), /body\/version must be integer/],
    ['a timestamp without milliseconds', withBody(reading(), { createdAt: '2026-01-02T03:04:05Z' }), /body\/createdAt/],
    ['a date that does not exist', withBody(reading(), { createdAt: '2026-02-30T03:04:05.678Z' }), /body\/createdAt/],
    [
      'violations of what is not a validation',
      withBody(failing('user-not-found', 404), { errors: [{ pointer: '#', detail: 'D' }] }),
      /body\/errors/,
    ],
    ['a validation without violations', failing('validation-failed', 400), /body .*required.*errors/],
    [
      'an instance that is no URI reference',
      withBody(failing('user-not-found', 404), { instance: '/api/users/%zz' }),
      /body\/instance/,
    ],
    [
      'data that are said to be unavailable',
      enriched({ enrichedData: {}, enrichedDataStatus: 'unavailable' }),
      /body\/enrichedData must be null/,
    ],
    [
      'data that are said to be there',
      enriched({ enrichedData: null, enrichedDataStatus: 'available' }),
      /body\/enrichedData must be object/,
    ],
    ['a body that is not JSON', reading({ body: '{' }), /body is not JSON/],
    ['a missing required header', withHeaders(reading(), { etag: undefined }), /header ETag is missing/],
    ['a missing request id', withHeaders(reading(), { 'x-request-id': undefined }), /header X-Request-Id is missing/],
    ['a header against its schema', withHeaders(reading(), { etag: 'W/"1"' }), /header ETag must match/],
    [
      'a number that is none',
      withHeaders(failing('overloaded', 503), { 'retry-after': 'soon' }),
      /header Retry-After must be integer/,
    ],
    [
      'a contract header that is not documented here',
      withHeaders(reading(), { link: '</>; rel="next"' }),
      /header link is not documented/,
    ],
    [
      'any other header',
      withHeaders(reading(), { 'x-powered-by': 'Express' }),
      /header x-powered-by is not documented/,
    ],
    [
      'another media type',
      withHeaders(reading(), { 'content-type': 'text/html; charset=utf-8' }),
      /media type text\/html; charset=utf-8 is none of application\/json/,
    ],
    [
      'a problem as plain JSON',
      withHeaders(failing('user-not-found', 404), { 'content-type': 'application/json; charset=utf-8' }),
      /media type .* is none of application\/problem\+json/,
    ],
    ['no media type', withHeaders(reading(), { 'content-type': undefined }), /media type undefined/],
    ['another charset', withHeaders(reading(), { 'content-type': 'application/json; charset=latin1' }), /charset/],
    [
      'a body where none is documented',
      reading({ status: 304, headers: { 'x-request-id': requestId, ...validators } }),
      /body, and none/,
    ],
    ['a type where no content is documented', reading({ status: 304, body: '' }), /Content-Type, and no content/],
    ['a body in an answer to HEAD', reading({ method: 'HEAD' }), /body in an answer to HEAD/],
    [
      'OPTIONS that forgets a method',
      reading({
        method: 'OPTIONS',
        path: '/api/users',
        status: 204,
        headers: { allow: 'GET, HEAD, OPTIONS', 'x-request-id': requestId },
        body: '',
      }),
      /Allow names GET, HEAD, OPTIONS; the file documents GET, HEAD, OPTIONS, POST/,
    ],
    [
      'OPTIONS with anything else',
      reading({ method: 'OPTIONS', path: '/api/users', headers: { allow } }),
      /204(.|\n)*There is a body(.|\n)*X-Request-Id/,
    ],
    [
      '405 that allows what is not documented',
      withHeaders(failing('method-not-allowed', 405, { method: 'DELETE', path: '/api/users' }), {
        allow: `${allow}, DELETE`,
      }),
      /Allow names/,
    ],
    ['a method that works and is not documented', creating({ method: 'DELETE' }), /status is not 405/],
    ['a path that works and is not documented', reading({ path: '/api/users/' }), /status is not 404/],
    [
      'a success for a body that the file refuses',
      creating({ requestBody: { name: 'Ada', email: 'ada@example.com', role: 'admin' } }),
      /succeeds, but its body .*role/,
    ],
    ['a success without a body', creating({ requestBody: undefined }), /succeeds, but its body/],
    [
      'a success for a media type that the file does not name',
      patching({ requestType: 'text/plain' }),
      /text\/plain is not documented/,
    ],
    [
      'a success for a query that the file refuses',
      reading({ path: '/api/users?limit=0', headers: json, body: JSON.stringify({ data: [], nextCursor: null }) }),
      /succeeds, but its limit must be >= 1/,
    ],
    [
      'a success for a path that the file refuses',
      reading({ path: '/api/users/a%20b' }),
      /succeeds, but its id must match/,
    ],
  ])('%s', (_what, exchange, message) => {
    expect(() => expectConforms(exchange)).toThrow(message);
  });

  it('and names the exchange, every difference, and the body', () => {
    const exchange = withHeaders(withBody(reading(), { version: 0 }), { etag: undefined });
    expect(() => expectConforms(exchange)).toThrow(
      /^GET \/api\/users\/ada-lovelace, answered with 200, is not as openapi.yaml says:\n {2}The header ETag .*\n {2}The body\/version .*\n {2}\{"id":/,
    );
  });
});
