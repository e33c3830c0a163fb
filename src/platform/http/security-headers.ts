import { createHash } from 'node:crypto';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import helmet from 'helmet';

/** Headers that tell browsers what they must not do with an answer; for `res.setHeaders`. */
export type SecurityHeaders = Map<string, string>;

type Directives = Readonly<Record<string, readonly string[]>>;

/** What no answer of ours may ever do, pages included. */
const nothing: Directives = { defaultSrc: ["'none'"], frameAncestors: ["'none'"] };

/** For answers that are data: a browser that is led to open one as a page finds that it may do nothing at all. */
export const answerHeaders: SecurityHeaders = headersBy(nothing);

/**
 * For a page of ours, which loads nothing and runs nothing.
 *
 * @param style the content of its one `<style>`
 */
export function pageHeaders(style: string): SecurityHeaders {
  return headersBy({ ...nothing, styleSrc: [hashOf(style)], baseUri: ["'none'"], formAction: ["'none'"] });
}

/** For a page of ours whose scripts, styles and pictures are files of this server, and which asks it questions. */
export const filesPageHeaders: SecurityHeaders = headersBy({
  ...nothing,
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
});

/**
 * For a page that runs scripts and loads styles of this server, from files, and asks it questions.
 *
 * @param html the page, whose own `<style>`s and `style` attributes are allowed as they are
 * @param addedStyles hashes of the `<style>`s that its scripts add
 */
export function appHeaders(html: string, addedStyles: readonly string[] = []): SecurityHeaders {
  const styles = [...html.matchAll(/<style>(.*?)<\/style>/gs)].map(([, content = '']) => hashOf(content));
  const attributes = [...html.matchAll(/ style="(.*?)"/gs)].map(([, content = '']) => hashOf(content));
  return headersBy({
    ...nothing,
    scriptSrc: ["'self'"],
    styleSrc: ["'self'", ...styles, ...addedStyles],
    styleSrcAttr: ["'unsafe-hashes'", ...attributes],
    imgSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
  });
}

/**
 * What helmet would set, asked once: for each request it would put the same text together again.
 *
 * Over plain http browsers ignore `Strict-Transport-Security`, and complain of the two headers that isolate a page from
 * its siblings. Whoever ends TLS in front of the service knows whether the whole host speaks it, and says so.
 */
function headersBy(directives: Directives): SecurityHeaders {
  const res = new ServerResponse(new IncomingMessage(new Socket()));
  const setHeaders = helmet({
    // Without helmet's own directives: `upgrade-insecure-requests` leaves a page blank over plain http.
    contentSecurityPolicy: { useDefaults: false, directives },
    strictTransportSecurity: false,
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
    xFrameOptions: { action: 'deny' },
    // Each header of every answer costs as much as a look-up in the cache. These four are for browsers, and plug-ins of
    // theirs, that are gone, or for what the policy above rules out already.
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
  });
  setHeaders(res.req, res, (error) => {
    if (error !== undefined) throw new Error('The security headers cannot be made.', { cause: error });
  });
  return new Map(Object.entries(res.getHeaders()).map(([name, value]) => [name, String(value)]));
}

function hashOf(content: string): string {
  return `'sha256-${createHash('sha256').update(content).digest('base64')}'`;
}
