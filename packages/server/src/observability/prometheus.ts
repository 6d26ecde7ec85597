import type { Registry as RegistryOf } from 'prom-client';
import type { MeasuredServer } from './measured-server.ts';
import { type MetricDefinition, metricDefinitions } from './metric-definitions.ts';
import { type Sample, takeSamples } from './metric-samples.ts';
import { Counter, Gauge, Registry } from './prom-client.ts';

/** The metrics of one server in the text format of Prometheus. The registry is filled anew by each scrape. */
export class PrometheusMetrics {
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;
  readonly #server: MeasuredServer;

  constructor(server: MeasuredServer) {
    this.#server = server;
  }

  async text(): Promise<string> {
    const samples = await takeSamples(this.#server);
    const { distributions } = this.#server.measures;
    const registry = new Registry();
    for (const [key, definition] of Object.entries(metricDefinitions)) {
      if (isKeyOf(samples, key)) addSamples(registry, definition, samples[key]);
      else if (isKeyOf(distributions, key)) registry.registerMetric(distributions[key]);
    }
    return registry.metrics();
  }
}

function isKeyOf<T extends object>(table: T, key: string): key is Extract<keyof T, string> {
  return Object.hasOwn(table, key);
}

function addSamples(registry: RegistryOf, definition: MetricDefinition, samples: readonly Sample[]): void {
  const { name, help, type, labels } = definition;
  const described = { name, help, labelNames: labels, registers: [registry] };
  if (type === 'counter') {
    const counter = new Counter(described);
    for (const { labels: ofSample, value } of samples) counter.inc(ofSample, value);
    return;
  }
  const gauge = new Gauge(described);
  // Without labels a gauge is 0 before it is set, which is not what an unanswered question means.
  if (samples.length === 0) registry.removeSingleMetric(name);
  for (const { labels: ofSample, value } of samples) gauge.set(ofSample, value);
}
