import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import type { Request, RequestHandler, Response, Router } from 'express';
import { resource } from './resource.ts';

/**
 * What is answered as it is, again and again. It is made once: as many clients as there are may ask for it at once, as
 * often as they like, and leave without it. So it costs neither a copy nor an open file for each.
 */
export interface StaticContent {
  readonly mediaType: string;
  readonly bytes: Buffer;
}

export interface StaticFile extends StaticContent {
  readonly entityTag: string;
}

const mediaTypes: ReadonlyMap<string, string> = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.svg', 'image/svg+xml'],
  ['.png', 'image/png'],
]);

/** @throws Error when there is no such file, or its name does not tell what it is */
export function readStaticFile(path: string): StaticFile {
  const bytes = readFileSync(path);
  const mediaType = mediaTypes.get(extname(path));
  if (mediaType === undefined) throw new Error(`The media type of ${path} is not known.`);
  return { mediaType, bytes, entityTag: `"${createHash('sha256').update(bytes).digest('base64url')}"` };
}

export function sendContent(res: Response, { mediaType, bytes }: StaticContent): void {
  res.setHeader('Content-Type', mediaType);
  res.setHeader('Content-Length', bytes.length);
  res.end(bytes);
}

/** Sends a file, unless the client has it as it is. */
export function sendFile(req: Request, res: Response, file: StaticFile): void {
  res.setHeader('Cache-Control', 'public, max-age=0');
  res.setHeader('ETag', file.entityTag);
  if (req.fresh) res.status(304).end();
  else sendContent(res, file);
}

/** Mounts files below `path`, by their names as they are: under any other there is nothing, whatever the method. */
export function mountFiles(router: Router, path: string, files: ReadonlyMap<string, StaticFile>): void {
  const byPath = new Map(Array.from(files, ([name, file]) => [`${path}/${name}`, file]));
  const send: RequestHandler = (req, res, next) => {
    const file = byPath.get(req.path);
    if (file === undefined) next();
    else sendFile(req, res, file);
  };
  resource(router, `${path}/:file`, { get: [send] }, [...byPath.keys()]);
}
