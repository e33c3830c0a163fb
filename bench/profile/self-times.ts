/** What V8 writes as `.cpuprofile` (https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile). */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  /** Ids of nodes, and the µs before each. */
  readonly samples?: readonly number[];
  readonly timeDeltas?: readonly number[];
}

export interface SelfTime {
  readonly name: string;
  /** Of all time in which the process had work to do. */
  readonly share: number;
}

export interface SelfTimes {
  /** An npm package, a folder of ours, Node.js, or V8 itself; the greatest first. */
  readonly packages: readonly SelfTime[];
  readonly functions: readonly SelfTime[];
  readonly busyMs: number;
}

type CallFrame = CpuProfile['nodes'][number]['callFrame'];

/** Where the time itself was spent, whoever asked for it. */
export function selfTimesOf({ nodes, samples = [], timeDeltas = [] }: CpuProfile): SelfTimes {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const packages = new Map<string, number>();
  const functions = new Map<string, number>();
  let busyUs = 0;
  for (const [index, id] of samples.entries()) {
    const frame = frames.get(id);
    const us = timeDeltas[index] ?? 0;
    if (frame === undefined || isNoWork(frame)) continue;
    busyUs += us;
    add(packages, packageOf(frame), us);
    add(functions, functionOf(frame), us);
  }
  return { packages: shares(packages, busyUs), functions: shares(functions, busyUs), busyMs: busyUs / 1_000 };
}

/** The processor has nothing to do, or begins the profile itself. */
function isNoWork({ functionName, url }: CallFrame): boolean {
  return functionName === '(idle)' || url === 'node:inspector';
}

function packageOf({ functionName, url }: CallFrame): string {
  if (url === '') return functionName.startsWith('(') ? `V8 ${functionName}` : 'V8 and C++';
  if (url.startsWith('node:')) return 'Node.js';
  const inside = url.split('/node_modules/').at(-1) ?? url;
  if (inside !== url) return /^(?:@[^/]+\/)?[^/]+/.exec(inside)?.[0] ?? inside;
  return /\/((?:src|bench)\/.*)\/[^/]+$/.exec(url)?.[1] ?? url;
}

function functionOf(frame: CallFrame): string {
  const { functionName, url, lineNumber } = frame;
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return name;
  const place = url.replace(/^.*\/node_modules\//, '').replace(/^file:.*?\/(?=src\/|bench\/)/, '');
  return `${name}  ${place}:${lineNumber + 1}`;
}

function add(sums: Map<string, number>, name: string, us: number): void {
  sums.set(name, (sums.get(name) ?? 0) + us);
}

function shares(sums: ReadonlyMap<string, number>, totalUs: number): readonly SelfTime[] {
  return [...sums].map(([name, us]) => ({ name, share: us / totalUs })).toSorted((a, b) => b.share - a.share);
}
