import type { Router } from 'express';
import { jsonBody } from '../../platform/http/json-body.ts';
import { acceptsJson, resource, resourceRouter } from '../../platform/http/resource.ts';
import type { UserController } from './user-controller.ts';

export function userRoutes(users: UserController): Router {
  const router = resourceRouter();

  resource(router, '/api/users', {
    get: [acceptsJson, (req, res) => users.list(req, res)],
    post: [acceptsJson, ...jsonBody('POST', ['application/json']), (req, res) => users.create(req, res)],
  });

  resource(router, '/api/users/:id', {
    get: [acceptsJson, (req, res) => users.get(req, res)],
    put: [acceptsJson, ...jsonBody('PUT', ['application/json']), (req, res) => users.update(req, res)],
    patch: [
      acceptsJson,
      ...jsonBody('PATCH', ['application/merge-patch+json', 'application/json']),
      (req, res) => users.patch(req, res),
    ],
    delete: [acceptsJson, (req, res) => users.remove(req, res)],
  });

  return router;
}
