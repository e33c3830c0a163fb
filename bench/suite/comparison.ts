import type { RequestPlan, Sample } from '../load/load-order.ts';
import type { MeasuredServer } from '../servers/measured-server.ts';
import type { Spread } from '../statistics.ts';

/** One of those that are compared: a server, and what it is asked. */
export interface Contender {
  readonly label: string;
  readonly server: MeasuredServer;
  readonly plan: RequestPlan;
  readonly connections: number;
  readonly expectedStatus: number;
  /** Another one of the comparison, whose throughput its own is given in parts of. */
  readonly against?: string;
  /** What `X-Cache` has to say; `none`: it must not be there. Left out: it is not looked at. */
  readonly cache?: 'hit' | 'miss' | 'none';
  /** Looks at a whole answer: what is wrong with it, or null. */
  readonly check?: (sample: Sample) => string | null;
}

/** Contenders that take turns, so that whatever else the machine does meets them all. */
export interface Comparison {
  readonly name: string;
  readonly contenders: readonly Contender[];
}

/** What was measured of one contender. Latencies are medians of the rounds' own quantiles. */
export interface Measurement {
  readonly label: string;
  readonly requestsPerSecond: Spread;
  readonly p50Ms: Spread;
  readonly p99Ms: Spread;
  /** Of the server's processes together; null where the system does not tell. */
  readonly cpuUsPerRequest: Spread | null;
  readonly residentMiB: number | null;
  /** Of a core: 1 is a whole one, and several processes may have more. Null where the system does not tell. */
  readonly serverCpu: number | null;
  /** Of the one core that the load can use, since it is one process with one thread. */
  readonly loadCpu: number;
  readonly ratio: Ratio | null;
}

/** Of the contender that it is compared with, by median throughput; with the least and the greatest of the rounds' own. */
export interface Ratio {
  readonly to: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
}

export interface ComparisonResult {
  readonly name: string;
  readonly measurements: readonly Measurement[];
  /** What was wrong with the answers. */
  readonly problems: readonly string[];
}
