import { registerHooks } from 'node:module';

// openapi-typescript builds its output with the compiler's JavaScript API, which TypeScript 7 does not have.
registerHooks({
  resolve: (specifier, context, nextResolve) =>
    nextResolve(specifier === 'typescript' ? 'typescript-5' : specifier, context),
});
