import type { Router } from 'express';
import swaggerUi from 'swagger-ui-express';
import { parse } from 'yaml';
import { DomainError } from '../domain-error.ts';
import { resource, resourceRouter } from './resource.ts';
import { sendJson } from './responses.ts';
import { appHeaders } from './security-headers.ts';

const options = {
  customSiteTitle: 'Resilient Profile API',
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

/** Swagger UI at `/api-docs`, and the description it shows at `/openapi.yaml` and `/openapi.json`. */
export function apiDocs(openApiYaml: string): Router {
  const document: unknown = parse(openApiYaml);
  const page = swaggerUi.generateHTML(undefined, options);
  const pageHeaders = appHeaders(page, [styleOfSwaggerUi]);
  const router = resourceRouter();

  resource(router, '/openapi.yaml', { get: [(_req, res) => void res.type('application/yaml').send(openApiYaml)] });
  resource(router, '/openapi.json', { get: [(_req, res) => sendJson(res, 200, document)] });

  resource(router, '/api-docs{/{*file}}', {
    get: [
      (req, _res, next) => {
        // The files are sent whole: those who serve them answer a condition or a range that fails with an exception.
        if (req.path.endsWith('/package.json'))
          throw new DomainError('route-not-found', 'There is nothing at this address.');
        for (const header of ['range', 'if-match', 'if-unmodified-since']) delete req.headers[header];
        next();
      },
    ],
  });
  // Not `serve`: it keeps the options of whoever called last in the module.
  router.use('/api-docs', ...swaggerUi.serveFiles(undefined, options));
  router.get('/api-docs/', (_req, res) => {
    res.setHeaders(pageHeaders);
    res.type('html').send(page);
  });
  return router;
}
