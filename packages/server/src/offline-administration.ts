import type { ExpiryWatch, SipCore } from '@opencpm/cpm';
import { Headers, responseTo } from '@opencpm/sip';
import type { ChangeFeed } from '@opencpm/storage';
import type { Administration } from './administration.ts';
import type { Configuration } from './configuration/configuration.ts';
import type { NextHops } from './core/next-hops.ts';
import { type DatabaseServices, openDatabaseServices } from './database-services.ts';
import { loadCore } from './installation.ts';
import { nodeServerPlatform } from './node-platform.ts';
import { Measures } from './observability/measures.ts';
import { Observation } from './observability/observation.ts';
import { participatingFunction } from './participating-function.ts';
import { ServerAdministration } from './server-administration.ts';

/** The administration of an installation whose server does not run: opens the database under the server's own lock. */
export async function openAdministration(configuration: Configuration): Promise<Administration & { close(): Promise<void> }> {
  const platform = nodeServerPlatform();
  const services = await openDatabaseServices(platform, configuration);
  const logFile = platform.observation.openLog({ ...configuration.log, level: 'error' });
  const parts = { logFile, measures: new Measures(), records: undefined, key: services.deliveryKey };
  const observation = new Observation(platform, configuration, parts);
  const feed = await toldToNodes(configuration, services);
  const core = await loadCore(platform, configuration, services, observation.log);
  const functions = await participatingFunction(core, services, {
    sipCore: noCore,
    nextHops: noNextHops,
    postJson: platform.postJson,
    expiryWatch: noWatch,
    observation,
  });
  // Nothing is sent from here: what is owed waits for the server.
  functions.outbox.stop();
  functions.preferences.stop();
  const administration = new ServerAdministration({
    platform,
    configuration,
    core,
    services,
    functions: functions.terminating,
    preferences: functions.preferences,
    authorisation: functions.authorisation,
    startedAt: platform.clock.now(),
    listen: () => [],
  });
  return Object.assign(administration, {
    close: async () => {
      await feed?.close();
      await services.database.close();
    },
  });
}

/** The nodes that run hear of what is changed beside them. */
async function toldToNodes(configuration: Configuration, services: DatabaseServices): Promise<ChangeFeed | undefined> {
  if (configuration.cluster === undefined) return undefined;
  const feed = await services.openFeed?.('administration', { heard: () => undefined, resumed: () => undefined });
  if (feed !== undefined) services.changes.attach(feed);
  return feed;
}

/** The server that starts next looks for itself. */
const noWatch: ExpiryWatch = { expect: () => undefined };

const noNextHops: Pick<NextHops, 'send'> = { send: (request) => noCore.onward(request, []) };

/** Nothing is sent without a server; what is owed waits in the outbox. */
const noCore: SipCore = {
  onward: (request) => Promise.resolve(responseTo(request, 503, { headers: Headers.of(['Retry-After', '60']) })),
  toClient: () => Promise.resolve({ kind: 'not-sent', reason: 'no server runs' }),
};
