export const EDGE_NAMES = { clients: 'Clients', database: 'Database', cache: 'Cache', enrichment: 'Enrichment' };

export const OUTCOME_NAMES = {
  success: 'Success',
  failure: 'Failure',
  timeout: 'Timeout',
  shortCircuited: 'Short-circuited',
  rejected: 'Rejected',
  fallback: 'Fallback',
};

export const HEALTH = {
  healthy: { tone: 'good', icon: 'healthy', word: 'healthy' },
  degraded: { tone: 'warn', icon: 'degraded', word: 'degraded' },
  down: { tone: 'bad', icon: 'down', word: 'down' },
  idle: { tone: 'idle', icon: 'idle', word: 'idle' },
};

export const BREAKER_STATES = {
  closed: { tone: 'good', icon: 'closed', word: 'closed' },
  'half-open': { tone: 'warn', icon: 'half-open', word: 'half-open' },
  open: { tone: 'bad', icon: 'open', word: 'open' },
};

export const CALL_OUTCOMES = {
  success: { tone: 'good', icon: 'healthy', word: 'success' },
  failure: { tone: 'bad', icon: 'down', word: 'failure' },
  timeout: { tone: 'warn', icon: 'degraded', word: 'timeout' },
  'short-circuited': { tone: 'accent', icon: 'skip', word: 'short-circuited' },
  rejected: { tone: 'idle', icon: 'idle', word: 'rejected' },
};
