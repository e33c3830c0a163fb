import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { RequestHandler, Router } from 'express';
import swaggerUi from 'swagger-ui-express';
import { load } from 'js-yaml';
import { isRecord } from '../is-record.ts';
import { resource, resourceRouter } from './resource.ts';
import { appHeaders } from './security-headers.ts';
import { mountFiles, readStaticFile, sendContent, type StaticFile } from './static-files.ts';

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

/** Swagger UI at `/api-docs`, and the description it shows at `/openapi.yaml` and `/openapi.json`. */
export function apiDocs(openApiYaml: string): Router {
  const yaml = { mediaType: 'application/yaml; charset=utf-8', bytes: Buffer.from(openApiYaml) };
  const document = load(openApiYaml);
  const json = { mediaType: 'application/json; charset=utf-8', bytes: Buffer.from(JSON.stringify(document)) };
  const html = swaggerUi.generateHTML(undefined, { ...options, customSiteTitle: titleOf(document) });
  const page = { mediaType: 'text/html; charset=utf-8', bytes: Buffer.from(html) };
  const pageHeaders = appHeaders(html, [styleOfSwaggerUi]);
  const files = filesOf(html);
  const router = resourceRouter();

  resource(router, '/openapi.yaml', { get: [(_req, res) => sendContent(res, yaml)] });
  resource(router, '/openapi.json', { get: [(_req, res) => sendContent(res, json)] });

  resource(router, '/api-docs', { get: [(_req, res) => res.redirect(301, '/api-docs/')] });
  resource(router, '/api-docs/', { get: [(_req, res) => sendContent(res.setHeaders(pageHeaders), page)] });
  resource(router, `/api-docs/${initScript}`, { get: [sendInitScript()] });
  mountFiles(router, '/api-docs', files);
  return router;
}

/** `info.title`, which every OpenAPI document has. */
function titleOf(document: unknown): string {
  const info: unknown = isRecord(document) ? document['info'] : undefined;
  const title: unknown = isRecord(info) ? info['title'] : undefined;
  if (typeof title !== 'string') throw new TypeError('The OpenAPI document has no title.');
  return title;
}

/** The files that the page loads, by name. */
function filesOf(html: string): ReadonlyMap<string, StaticFile> {
  // swagger-ui-express has them as a package of its own.
  const requireAsIt = createRequire(createRequire(import.meta.url).resolve('swagger-ui-express'));
  const folder = dirname(requireAsIt.resolve('swagger-ui-dist/package.json'));
  const names = Array.from(html.matchAll(/(?:src|href)="\.\/([^"]+)"/g), ([, name = '']) => name);
  return new Map(names.filter((name) => name !== initScript).map((name) => [name, readStaticFile(join(folder, name))]));
}

function sendInitScript(): RequestHandler {
  // Not `serve`: it keeps the options of whoever called last in the module.
  const [handler] = swaggerUi.serveFiles(undefined, options);
  if (handler === undefined) throw new Error('swagger-ui-express has nothing that answers with its script.');
  return handler;
}
