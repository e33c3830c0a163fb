import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { PageFile } from './control-page.ts';
import { checkControlChanges } from './control-schemas.ts';
import { readJson, refuseJson, sendJson } from './json-messages.ts';
import type { LiveFeed } from './live-feed.ts';
import type { ControlState, MockControl } from './mock-control.ts';
import type { RequestLog } from './request-log.ts';
import { serveEnrichment } from './serve-enrichment.ts';

interface Parts {
  readonly control: MockControl;
  readonly log: RequestLog;
  readonly feed: LiveFeed;
  readonly reset: () => ControlState;
  readonly page: readonly PageFile[];
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;
type Methods = ReadonlyMap<string, Handler>;

const ENRICHMENT_PATH = /^\/enrichment\/([^/]+)$/;

/** Routes the provider's requests, the operator's and the page's. */
export function createRequestListener(parts: Parts): RequestListener {
  const routes = controlRoutes(parts);

  const route: Handler = async (request, response) => {
    const path = request.url?.split('?', 1)[0] ?? '';
    const methods = routes.get(path) ?? enrichmentRoute(path, parts);
    if (methods === undefined) {
      return sendJson(response, 404, { error: 'route-not-found', message: 'There is nothing here.' });
    }
    const handle = methods.get(request.method ?? '');
    if (handle === undefined) {
      const allow = [...methods.keys()].join(', ');
      const body = { error: 'method-not-allowed', message: `This route takes ${allow}.` };
      return sendJson(response, 405, body, { Allow: allow });
    }
    await handle(request, response);
  };

  // No route rejects, whatever the caller does. If one did, that would be a bug, and the unhandled rejection ends the
  // process: answering 500 would pass it off as the failure that somebody asked for.
  return (request, response) => void route(request, response);
}

function enrichmentRoute(path: string, provider: Parts): Methods | undefined {
  const encodedId = ENRICHMENT_PATH.exec(path)?.[1];
  if (encodedId === undefined) return undefined;
  return new Map([
    [
      'GET',
      (request, response) => {
        const userId = decodeId(encodedId);
        if (userId === null) {
          return sendJson(response, 400, { error: 'bad-user-id', message: 'The id is not valid percent-encoding.' });
        }
        serveEnrichment(userId, request, response, provider);
      },
    ],
  ]);
}

function decodeId(encodedId: string): string | null {
  try {
    return decodeURIComponent(encodedId);
  } catch {
    return null;
  }
}

function controlRoutes({ control, log, feed, reset, page }: Parts): ReadonlyMap<string, Methods> {
  const routes: Record<string, Record<string, Handler>> = {
    '/health': { GET: (_request, response) => sendJson(response, 200, { status: 'healthy' }) },
    '/control': {
      GET: (_request, response) => sendJson(response, 200, control.state),
      PUT: async (request, response) => await changeControl(control, request, response),
    },
    '/control/reset': {
      POST: (_request, response) => sendJson(response, 200, reset()),
    },
    '/control/requests': { GET: (_request, response) => sendJson(response, 200, log.snapshot()) },
    '/control/requests/stream': { GET: (_request, response) => feed.open(response) },
  };
  for (const { path, send } of page) routes[path] = { GET: (_request, response) => send(response) };
  return new Map(Object.entries(routes).map(([path, methods]) => [path, new Map(Object.entries(methods))]));
}

async function changeControl(control: MockControl, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readJson(request);
  switch (body.kind) {
    case 'caller-gone':
      return;
    case 'too-large':
      return refuseJson(request, response, 413, {
        error: 'body-too-large',
        message: `The body may have ${body.limitBytes} bytes.`,
      });
    case 'malformed':
      return sendJson(response, 400, { error: 'malformed-json', message: 'The body is not JSON.' });
    case 'json':
      break;
    default:
      return body satisfies never;
  }
  const checked = checkControlChanges(body.value);
  if (checked.kind === 'invalid') {
    const message = checked.problems.map((problem) => `${problem.field} ${problem.message}`.trim()).join('; ');
    return sendJson(response, 400, { error: 'validation-failed', message, problems: checked.problems });
  }
  sendJson(response, 200, control.change(checked.changes));
}
