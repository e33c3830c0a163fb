import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

// The client is a package of its own in dist: what depends on it shall not install the service's dependencies.
const { name, version, description, license, type, exports, engines, dependencies } = JSON.parse(
  readFileSync('package.json', 'utf8'),
);
const clientPackage = {
  name,
  version,
  description,
  license,
  type,
  sideEffects: false,
  exports: JSON.parse(JSON.stringify(exports).replaceAll('./dist/', './')),
  engines,
  dependencies: { 'openapi-fetch': dependencies['openapi-fetch'] },
};
rmSync('dist', { recursive: true, force: true });
mkdirSync('dist');
writeFileSync('dist/package.json', `${JSON.stringify(clientPackage, null, 2)}\n`);
cpSync('LICENSE', 'dist/LICENSE');
