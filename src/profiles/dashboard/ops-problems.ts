import type { ProblemType } from '../../platform/http/problem-catalogue.ts';

/** What the operators' endpoints can answer besides the platform's problems. */
export const opsProblems: readonly ProblemType[] = [
  {
    code: 'provider-not-controllable',
    status: 502,
    title: 'The provider takes no controls',
    meaning:
      'What answers at `ENRICHMENT_URL` has no `/control` as the mock has it, or did not answer within two seconds. Only the mock can be told how to behave.',
  },
];
