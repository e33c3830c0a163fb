import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Router } from 'express';
import { resource, resourceRouter } from '../../platform/http/resource.ts';
import { filesPageHeaders } from '../../platform/http/security-headers.ts';
import { mountFiles, readStaticFile, sendFile, type StaticFile } from '../../platform/http/static-files.ts';

const folder = join(import.meta.dirname, 'page');
const pageName = 'dashboard.html';

/**
 * The page at `/dashboard`, and what it loads at `/dashboard/<file>`. They tell nothing about the service, so nobody is
 * asked for a token: the page asks for it, and shows it with its questions.
 *
 * @throws Error when the page is not there, so that an incomplete build fails at its start
 */
export function dashboardRoutes(): Router {
  const page = readStaticFile(join(folder, pageName));
  const files: ReadonlyMap<string, StaticFile> = new Map(
    readdirSync(folder)
      .filter((name) => name !== pageName)
      .map((name) => [name, readStaticFile(join(folder, name))]),
  );
  const router = resourceRouter();
  resource(router, '/dashboard', { get: [(req, res) => sendFile(req, res.setHeaders(filesPageHeaders), page)] });
  mountFiles(router, '/dashboard', files);
  return router;
}
