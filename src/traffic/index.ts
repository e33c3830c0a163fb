export { createHttpExchange, type HttpExchange, type HttpOutcome } from './http-exchange.ts';
export { Latencies } from './latencies.ts';
export { runOpenLoop } from './open-loop.ts';
export { runTraffic } from './run-traffic.ts';
export { parseTrafficCommand, trafficUsage } from './traffic-command.ts';
