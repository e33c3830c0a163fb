import type { Router } from 'express';
import { DomainError } from '../domain-error.ts';
import type { ProblemCatalogue, ProblemType } from './problem-catalogue.ts';
import { resource, resourceRouter } from './resource.ts';
import { pageHeaders } from './security-headers.ts';

const style =
  'body{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem;color-scheme:light dark}';
const headers = pageHeaders(style);

/** The pages that the `type` of each problem leads to. */
export function problemPages(catalogue: ProblemCatalogue): Router {
  const router = resourceRouter();
  const problems = [...catalogue.values()];

  const page = (title: string, content: string) => (_req: unknown, res: import('express').Response) => {
    res.setHeaders(headers);
    res.type('html').send(layout(title, content));
  };

  resource(router, '/problems', {
    get: [
      page(
        'Problems',
        `<ul>${problems.map(({ code }) => `<li><a href="/problems/${code}">${code}</a></li>`).join('')}</ul>`,
      ),
    ],
  });
  const pages = new Map(problems.map((problem) => [problem.code, page(problem.title, describe(problem))]));
  resource(router, '/problems/:code', {
    get: [
      (req, res) => {
        const show = pages.get(String(req.params['code']));
        if (!show) throw new DomainError('route-not-found', 'There is no such problem.');
        show(req, res);
      },
    ],
  });
  return router;
}

function describe({ code, status, meaning, retryAfterSeconds }: ProblemType): string {
  const retry =
    retryAfterSeconds === undefined
      ? ''
      : `<p>It passes by itself; <code>Retry-After</code> says when to come back.</p>`;
  return `<p><code>${code}</code>, HTTP status ${status}</p><p>${escape(meaning)}</p>${retry}<p><a href="/problems">All problems</a></p>`;
}

function layout(title: string, content: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(title)}</title><style>${style}</style></head><body><h1>${escape(title)}</h1>${content}</body></html>`;
}

/** Text, as the content of an element. */
function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
