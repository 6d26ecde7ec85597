import type { Endpoint } from '@opencpm/sip';
import type { Configuration } from '../configuration/configuration.ts';
import type { CoreContext } from '../core/core-context.ts';
import type { DatabaseServices } from '../database-services.ts';
import { productVersion, type ServerPlatform } from '../platform.ts';
import { answerHttp } from './http-routes.ts';
import type { MeasuredServer } from './measured-server.ts';
import type { Observation } from './observation.ts';
import type { AnswerHttp } from './observation-platform.ts';
import { PrometheusMetrics } from './prometheus.ts';
import { QueueFigures } from './queue-figures.ts';
import { Readiness } from './readiness.ts';

export interface WatchedServer {
  readonly platform: ServerPlatform;
  readonly configuration: Configuration;
  readonly core: CoreContext;
  readonly services: DatabaseServices;
  readonly endpoint: Endpoint;
  readonly observation: Observation;
  readonly isOverloaded: () => boolean;
}

/** What watches a server while it runs. */
export interface Watch {
  readonly readiness: Readiness;
  readonly answerHttp: AnswerHttp;
  /** `http://127.0.0.1:9464`; undefined when HTTP is switched off. */
  readonly url: string | undefined;
  close(): Promise<void>;
}

/** Begins to watch. Rejects with an Error that says what to do when the HTTP address is taken. */
export async function watchServer(server: WatchedServer): Promise<Watch> {
  const { platform, configuration, observation } = server;
  const readiness = readinessOf(server);
  const metrics = new PrometheusMetrics(measuredServer(server, readiness));
  const answer: AnswerHttp = (method, path) => answerHttp(method, path, { metrics, readiness });
  const listen = configuration.http.listen;
  const listener = listen === undefined ? undefined : await platform.observation.listenHttp(listen, answer);
  const unwatch = platform.observation.watchEventLoop((window) => observation.measures.eventLoop(window));
  const close = async () => {
    unwatch();
    await listener?.close();
  };
  return { readiness, answerHttp: answer, url: listener === undefined ? undefined : urlOf(listener.address), close };
}

function readinessOf({ platform, services, isOverloaded }: WatchedServer): Readiness {
  return new Readiness({
    isOverloaded,
    clock: platform.clock,
    databaseAnswers: async () => (await services.database.query({ sql: 'SELECT 1 AS one', parameters: [] })).kind === 'rows',
  });
}

function measuredServer({ platform, core, services, endpoint, observation }: WatchedServer, readiness: Readiness): MeasuredServer {
  const now = () => platform.clock.now();
  return {
    measures: observation.measures,
    endpoint,
    core,
    queue: new QueueFigures(services, now),
    processFigures: () => platform.observation.processFigures(),
    draining: () => readiness.phase === 'draining',
    now,
    startedAt: now(),
    version: productVersion,
    engine: services.database.engine,
  };
}

function urlOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
