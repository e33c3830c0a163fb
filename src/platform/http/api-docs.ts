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

  resource(router, '/api-docs{/*file}', {
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
  router.get('/api-docs/', swaggerUi.setup(undefined, options));
  return router;
}
