import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { RequestHandler, Response, Router } from 'express';
import swaggerUi from 'swagger-ui-express';
import { parse } from 'yaml';
import { DomainError } from '../domain-error.ts';
import { resource, resourceRouter } from './resource.ts';
import { appHeaders } from './security-headers.ts';

const options = {
  swaggerOptions: {
    url: '/openapi.json',
    tryItOutEnabled: true,
    displayRequestDuration: true,
    // It would send the description to a service on the internet.
    validatorUrl: null,
    // Swagger UI keeps back parameters that break their rules; the examples of errors are there to get the API's answer.
    plugins: [{ statePlugins: { spec: { wrapActions: { validateParams: () => () => undefined } } } }],
  },
};

/** A rule that Swagger UI adds to its page when it runs; the browser's console names its hash when it is another one. */
const styleOfSwaggerUi = "'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='";

/** The one file of the page that swagger-ui-express makes itself. */
const initScript = 'swagger-ui-init.js';

/**
 * What is answered as it is, again and again. It is made once: as many clients as there are may ask for it at once, as
 * often as they like, and leave without it. So it costs neither a copy nor an open file for each.
 */
interface Content {
  readonly mediaType: string;
  readonly bytes: Buffer;
}

interface StaticFile extends Content {
  readonly entityTag: string;
}

/** Swagger UI at `/api-docs`, and the description it shows at `/openapi.yaml` and `/openapi.json`. */
export function apiDocs(openApiYaml: string): Router {
  const yaml = { mediaType: 'application/yaml; charset=utf-8', bytes: Buffer.from(openApiYaml) };
  const document: { readonly info: { readonly title: string } } = parse(openApiYaml);
  const json = { mediaType: 'application/json; charset=utf-8', bytes: Buffer.from(JSON.stringify(document)) };
  const html = swaggerUi.generateHTML(undefined, { ...options, customSiteTitle: document.info.title });
  const page = { mediaType: 'text/html; charset=utf-8', bytes: Buffer.from(html) };
  const pageHeaders = appHeaders(html, [styleOfSwaggerUi]);
  const files = filesOf(html);
  const router = resourceRouter();

  resource(router, '/openapi.yaml', { get: [(_req, res) => send(res, yaml)] });
  resource(router, '/openapi.json', { get: [(_req, res) => send(res, json)] });

  resource(router, '/api-docs', { get: [(_req, res) => res.redirect(301, '/api-docs/')] });
  resource(router, '/api-docs/', { get: [(_req, res) => send(res.setHeaders(pageHeaders), page)] });
  resource(router, `/api-docs/${initScript}`, { get: [sendInitScript()] });
  resource(router, '/api-docs/:file', {
    get: [
      (req, res) => {
        const file = files.get(String(req.params['file']));
        if (file === undefined) throw new DomainError('route-not-found', 'There is nothing at this address.');
        res.setHeader('Cache-Control', 'public, max-age=0');
        res.setHeader('ETag', file.entityTag);
        if (req.fresh) res.status(304).end();
        else send(res, file);
      },
    ],
  });
  return router;
}

function send(res: Response, { mediaType, bytes }: Content): void {
  res.setHeader('Content-Type', mediaType);
  res.setHeader('Content-Length', bytes.length);
  res.end(bytes);
}

/** The files that the page loads, by name. */
function filesOf(html: string): ReadonlyMap<string, StaticFile> {
  // swagger-ui-express has them as a package of its own.
  const requireAsIt = createRequire(createRequire(import.meta.url).resolve('swagger-ui-express'));
  const folder = dirname(requireAsIt.resolve('swagger-ui-dist/package.json'));
  const names = Array.from(html.matchAll(/(?:src|href)="\.\/([^"]+)"/g), ([, name = '']) => name);
  return new Map(
    names
      .filter((name) => name !== initScript)
      .map((name) => [name, staticFile(name, readFileSync(join(folder, name)))]),
  );
}

function staticFile(name: string, bytes: Buffer): StaticFile {
  const entityTag = `"${createHash('sha256').update(bytes).digest('base64url')}"`;
  return { mediaType: mediaTypeOf(name), bytes, entityTag };
}

function mediaTypeOf(name: string): string {
  if (name.endsWith('.css')) return 'text/css; charset=utf-8';
  if (name.endsWith('.js')) return 'text/javascript; charset=utf-8';
  if (name.endsWith('.png')) return 'image/png';
  throw new Error(`The media type of ${name} is not known.`);
}

function sendInitScript(): RequestHandler {
  // Not `serve`: it keeps the options of whoever called last in the module.
  const [handler] = swaggerUi.serveFiles(undefined, options);
  if (handler === undefined) throw new Error('swagger-ui-express has nothing that answers with its script.');
  return handler;
}
