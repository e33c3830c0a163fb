import type { Tracing } from './tracing.ts';

/**
 * `target`, with a span around each call of its methods, all of which must return promises: `users.create` for the
 * method `create` of what is called `users`. Without tracing it is `target` itself.
 */
export function traced<Target extends object>(tracing: Tracing, name: string, target: Target): Target {
  if (!tracing.enabled) return target;
  const methods = new Map<unknown, unknown>();
  return new Proxy(target, {
    get: (_target, key) => {
      // The receiver is the target: a proxy has no private fields.
      const member: unknown = Reflect.get(target, key, target);
      if (typeof member !== 'function' || typeof key === 'symbol') return member;
      const known = methods.get(member);
      if (known !== undefined) return known;
      const spanName = `${name}.${key}`;
      const method = (...args: unknown[]): unknown =>
        tracing.inSpan(spanName, {}, () => Reflect.apply(member, target, args));
      methods.set(member, method);
      return method;
    },
  });
}
