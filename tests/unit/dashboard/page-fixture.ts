import type {
  EdgeFigures,
  EdgePoint,
  HistoryPoint,
  ResilienceSnapshot,
  TappedCall,
} from '../../../src/profiles/dashboard/resilience-snapshot.ts';

const NO_CALLS: EdgePoint = {
  success: 0,
  failure: 0,
  timeout: 0,
  shortCircuited: 0,
  rejected: 0,
  fallback: 0,
  p50Ms: null,
  p95Ms: null,
  p99Ms: null,
};

export function buildPoint(at: number, enrichment: Partial<EdgePoint> = {}): HistoryPoint {
  const edges = { clients: NO_CALLS, database: NO_CALLS, cache: NO_CALLS, enrichment: { ...NO_CALLS, ...enrichment } };
  return { at, edges };
}

export function buildCall(number: number): TappedCall {
  return { number, at: 0, userId: 'ada', requestId: null, outcome: 'success', durationMs: 1, steps: [] };
}

export function buildSnapshot(overrides: Partial<ResilienceSnapshot> = {}): ResilienceSnapshot {
  const idle: EdgeFigures = { ...NO_CALLS, health: 'idle', perSecond: 0, errorShare: 0, isUsed: true };
  return {
    id: 1,
    at: 0,
    service: 'profiles',
    version: '1.0.0',
    uptimeSeconds: 1,
    worker: null,
    edges: { clients: idle, database: idle, cache: idle, enrichment: idle },
    breakers: [],
    changes: [],
    points: [],
    calls: [],
    controls: { breakers: false, provider: false },
    ...overrides,
  };
}
