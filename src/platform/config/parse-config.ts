import type { ObjectSchema } from 'joi';
import type { Env } from './env.ts';

/** The environment does not describe a service that can run. `problems` holds all of them, one line each. */
export class ConfigurationError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The configuration has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}.`);
    this.name = 'ConfigurationError';
    this.problems = problems;
  }
}

/**
 * Turns the environment into typed, frozen settings by the schema's rules and defaults.
 *
 * Problems name the variable and the rule, not the value: URLs carry passwords.
 *
 * @param relationProblems what is wrong between settings; called whatever is wrong with single ones
 * @throws ConfigurationError with every problem at once
 */
export function parseSettings<Settings extends object>(
  schema: ObjectSchema<Settings>,
  env: Env,
  relationProblems: (settings: Partial<Settings>) => readonly string[] = () => [],
): Readonly<Settings> {
  const { value, error } = schema.validate(env, {
    abortEarly: false,
    stripUnknown: true,
    errors: { wrap: { label: false } },
    messages: { 'string.pattern.base': '{{#label}} is not in the expected format' },
  });
  const problems = [...(error?.details ?? []).map(({ message }) => message), ...relationProblems(value)];
  if (problems.length > 0) throw new ConfigurationError(problems);
  return Object.freeze(value);
}

/** The problems of a configuration that another part reads, so that those of both can be told in one message. */
export function problemsOf(parse: () => unknown): readonly string[] {
  try {
    parse();
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
}
