import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { sendText } from './json-messages.ts';

/** Everything the page needs comes from this server. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export interface PageFile {
  readonly path: string;
  readonly send: (response: ServerResponse) => void;
}

/** Reads the page's files once; rejects when one is missing, so that an incomplete build fails at its start. */
export async function loadControlPage(): Promise<readonly PageFile[]> {
  return await Promise.all([
    loadFile('/', './page.html', 'text/html'),
    loadFile('/page.css', './page.css', 'text/css'),
    loadFile('/page.js', './page.js', 'text/javascript'),
    loadFile('/icon.svg', './icon.svg', 'image/svg+xml'),
  ]);
}

async function loadFile(path: string, file: string, type: string): Promise<PageFile> {
  const text = await readFile(new URL(file, import.meta.url), 'utf8');
  const headers = {
    'Content-Type': `${type}; charset=utf-8`,
    'Content-Security-Policy': CONTENT_SECURITY_POLICY,
    'Referrer-Policy': 'no-referrer',
  };
  return { path, send: (response) => sendText(response, 200, text, headers) };
}
