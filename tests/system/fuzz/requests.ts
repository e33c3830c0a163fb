import fc from 'fast-check';
import { type Mutation, mutations } from './mutations.ts';
import { type Operation, operations, requestsOf } from './operations.ts';
import { bytesOf, type WireRequest } from './wire-request.ts';

export interface FuzzedRequest {
  readonly request: WireRequest;
  /** What was done to it, for whoever has to understand a failure. */
  readonly mutations: readonly string[];
}

const names = Object.keys(mutations);
const mutationsMax = 3;

/** Enough users are created for the others to find some. */
const weightOf = ({ method }: Operation): number => (method === 'post' ? 4 : method === 'get' ? 1 : 2);

/** `count` requests that follow from `seed`: of each operation of the file, as it says or spoilt in up to three ways. */
export function fuzzedRequests(count: number, seed: number): FuzzedRequest[] {
  const steps = fc.array(fc.tuple(fc.constantFrom(...names), fc.nat(100_000)), { maxLength: mutationsMax });
  const request = fc.oneof(
    ...operations.map((operation) => ({ weight: weightOf(operation), arbitrary: requestsOf(operation) })),
  );
  const fuzzed = fc.tuple(
    request,
    fc.oneof({ weight: 1, arbitrary: fc.constant([]) }, { weight: 2, arbitrary: steps }),
  );
  return fc.sample(fuzzed, { numRuns: count, seed }).map(([plain, done]) => ({
    request: judged(done.reduce((spoilt, [name, n]) => mutationNamed(name)(spoilt, n), plain)),
    mutations: done.map(([name, n]) => `${name} ${n}`),
  }));
}

/** Fragments and what is not ASCII have no place in a request line. */
const soundTarget = /^\/[\x21\x22\x24-\x7e]*$/;
/** Somewhat less than what the server reads, which is refused before anybody knows what it is. */
const headBytesMax = 15_000;

function judged(request: WireRequest): WireRequest {
  const headBytes = bytesOf({ ...request, body: null }).length;
  if (request.sound && soundTarget.test(request.target) && headBytes <= headBytesMax) return request;
  // Whether the answer to a HEAD that is none has a body, nobody can tell.
  return { ...request, sound: false, method: request.method.replace(/HEAD$/, 'GET') };
}

function mutationNamed(name: string): Mutation {
  const mutation = mutations[name];
  if (mutation === undefined) throw new Error(`There is no mutation ${name}.`);
  return mutation;
}
