import { Router } from 'express';
import swaggerUi from 'swagger-ui-express';
import { parse } from 'yaml';
import { DomainError } from '../domain-error.ts';
import { resource } from './resource.ts';
import { sendJson } from './responses.ts';

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

/** Swagger UI at `/api-docs`, and the description it shows at `/openapi.yaml` and `/openapi.json`. */
export function apiDocs(openApiYaml: string): Router {
  const document: unknown = parse(openApiYaml);
  const router = Router({ caseSensitive: true });

  resource(router, '/openapi.yaml', { get: [(_req, res) => void res.type('application/yaml').send(openApiYaml)] });
  resource(router, '/openapi.json', { get: [(_req, res) => sendJson(res, 200, document)] });

  router.use(
    '/api-docs',
    (req, res, next) => {
      if (req.method !== 'GET' && req.method !== 'HEAD') {
        res.setHeader('Allow', 'GET, HEAD');
        throw new DomainError('method-not-allowed', 'The resource supports GET, HEAD.');
      }
      next();
    },
    // Not `serve`: it keeps the options of whoever called last in the module.
    ...swaggerUi.serveFiles(undefined, options),
    swaggerUi.setup(undefined, options),
  );
  return router;
}
