import type { HttpAnswer } from './observation-platform.ts';
import type { PrometheusMetrics } from './prometheus.ts';
import type { Readiness } from './readiness.ts';

export interface Observed {
  readonly metrics: Pick<PrometheusMetrics, 'text' | 'contentType'>;
  readonly readiness: Pick<Readiness, 'report'>;
}

/** What operators' systems ask for. Nothing here changes anything, and nothing shows a user. */
export async function answerHttp(method: string, path: string, { metrics, readiness }: Observed): Promise<HttpAnswer> {
  if (!paths.has(path)) return { status: 404, contentType: 'text/plain', body: `There are ${[...paths].join(', ')}.\n` };
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, contentType: 'text/plain', body: 'GET and HEAD only.\n' };
  switch (path) {
    case '/metrics':
      return { status: 200, contentType: metrics.contentType, body: await metrics.text() };
    case '/readyz': {
      const report = await readiness.report();
      return { status: report.ready ? 200 : 503, contentType: 'application/json', body: `${JSON.stringify(report)}\n` };
    }
    default:
      // That there is an answer is the answer: the event loop turns.
      return { status: 200, contentType: 'text/plain', body: 'alive\n' };
  }
}

const paths: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);
