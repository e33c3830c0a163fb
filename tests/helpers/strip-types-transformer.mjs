import { stripTypeScriptTypes } from 'node:module';

/** Jest transformer: erases types the way Node.js does when it runs the sources, so tests run what production runs. */
export default {
  process: (source, file) => ({ code: stripTypeScriptTypes(source, { sourceUrl: file }) }),
};
