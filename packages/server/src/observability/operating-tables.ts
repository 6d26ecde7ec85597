import { configurationSchema } from '../configuration/schema.ts';
import { everyKey } from '../configuration/schema-walk.ts';
import { metricDefinitions } from './metric-definitions.ts';

/** The tables of docs/operating.md that are made from the code, so that they cannot say anything else. */

export function metricsTable(): string {
  const rows = Object.values(metricDefinitions).map(({ name, type, labels, help }) => {
    const labelled = labels.length === 0 ? '' : labels.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${type} | ${labelled} | ${help} |`;
  });
  return ['| Metric | Type | Labels | What it says |', '|---|---|---|---|', ...rows].join('\n');
}

/** Each bound of the configuration with what happens past it. */
export function limitsTable(): string {
  const rows = everyKey(configurationSchema)
    .filter(({ path }) => path[0] === 'limits' && path.length === 2)
    .map(({ path, documentation }) => `| \`${path.join('.')}\` | ${documentation.fallback ?? ''} | ${documentation.text} |`);
  return ['| Key | Default | What it bounds, and what happens past it |', '|---|---|---|', ...rows].join('\n');
}
