import { createRequire } from 'node:module';
import type * as PromClient from 'prom-client';

/**
 * The parts of prom-client that count and write text. Its entry also loads what pushes to a gateway and what gathers from
 * a cluster, and with that HTTPS and TLS of Node: 4 MB that a server never uses.
 */
const load = createRequire(import.meta.url);

export const Registry: typeof PromClient.Registry = load('prom-client/lib/registry');
export const Counter: typeof PromClient.Counter = load('prom-client/lib/counter');
export const Gauge: typeof PromClient.Gauge = load('prom-client/lib/gauge');
export const Histogram: typeof PromClient.Histogram = load('prom-client/lib/histogram');
