/** Those that somebody sends for a good reason. Node.js's parser knows many more, which metrics and traces count as one. */
export const knownMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
