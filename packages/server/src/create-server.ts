import { deliverPagerModeStandaloneMessage, handlePagerModeStandaloneMessage, isRefreshed, serverToken } from '@opencpm/cpm';
import { DigestServer, Endpoint, type EndpointEvents, type Listener } from '@opencpm/sip';
import { Upkeep } from './adapters/upkeep.ts';
import type { Administration } from './administration.ts';
import type { Configuration, ListenAddress } from './configuration/configuration.ts';
import { Authentication } from './core/authentication.ts';
import type { CoreContext } from './core/core-context.ts';
import { EmbeddedCore } from './core/embedded-core.ts';
import { NextHops } from './core/next-hops.ts';
import { allowedMethods } from './core/own-answers.ts';
import { Routing } from './core/routing.ts';
import { TrustedPeers } from './core/trusted-peers.ts';
import { type DatabaseServices, isFault, openDatabaseServices } from './database-services.ts';
import { loadCore } from './installation.ts';
import { type ParticipatingFunction, participatingFunction } from './participating-function.ts';
import { type Log, product, type ServerPlatform } from './platform.ts';
import { ServerAdministration } from './server-administration.ts';

/** A running server. */
export interface Server {
  readonly administration: Administration;
  /** As bound: `udp://127.0.0.1:5060`. */
  readonly listen: readonly string[];
  /** Takes no more requests, finishes what is being stored, closes the database. */
  stop(): Promise<void>;
}

/**
 * A whole server on a platform. The same configuration and the same events on a virtual platform give the same wire
 * log. Rejects with an Error that says what to do when it cannot start; then nothing is left open.
 */
export async function createServer(platform: ServerPlatform, configuration: Configuration): Promise<Server> {
  const log = platform.openLog(configuration.log);
  const services = await openDatabaseServices(platform, configuration);
  try {
    const core = await loadCore(platform, configuration, services, log);
    return await startServer(platform, core, services);
  } catch (error) {
    await services.database.close();
    throw error;
  }
}

async function startServer(platform: ServerPlatform, core: CoreContext, services: DatabaseServices): Promise<Server> {
  const { configuration, log } = core;
  const listeners: Listener[] = [];
  const trustedPeers = new TrustedPeers(configuration.trustedPeers);
  const endpoint = new Endpoint(endpointOptions(platform, core, trustedPeers));
  const digest = digestServer(platform, configuration);
  const ownAddresses = new Set<string>();
  const routing = new Routing(configuration, core.directory, ownAddresses);
  const ways = { endpoint, network: platform.network, random: platform.random };
  const nextHops = new NextHops({ context: core, ways, trustedPeers });
  const embedded = new EmbeddedCore({
    context: core,
    authentication: new Authentication(core, digest, routing),
    routing,
    trustedPeers,
    ways,
    nextHops,
  });
  const upkeep = new Upkeep(core, services);
  const functions = await participatingFunction(core, services, {
    sipCore: embedded,
    nextHops,
    postJson: platform.postJson,
    expiryWatch: upkeep,
  });
  embedded.serveWith({
    originating: (served) => handlePagerModeStandaloneMessage(served, functions.originating),
    terminating: (served) => deliverPagerModeStandaloneMessage(served, functions.terminating),
    registered: (bindings, before) => {
      for (const binding of bindings) {
        const known = before.find(({ client, expiresAt }) => client === binding.client && expiresAt > platform.clock.now());
        functions.pushes.request(binding.owner, binding, isRefreshed(known, binding) ? 'heard' : 'registration');
      }
    },
  });
  endpoint.onRequest = (transaction) => embedded.received(transaction);
  try {
    for (const address of configuration.listen) await listenOn(address, endpoint, listeners, ownAddresses);
  } catch (error) {
    await endpoint.close();
    throw error;
  }
  core.location.sendDatagramsBy((local, remote) => endpoint.datagramFlow(local, remote));
  upkeep.start({ functions: functions.terminating, outboxChanged: () => functions.outbox.wake() });
  functions.outbox.wake();
  await pushWhatWaits(core, services, functions);
  const listen = listeners.map(listenText);
  log.info({ domain: configuration.domain, listen: listen.join(' ') }, 'The server is ready.');
  const startedAt = platform.clock.now();
  const administration = new ServerAdministration({
    platform,
    configuration,
    core,
    services,
    functions: functions.terminating,
    startedAt,
    listen: () => listen,
  });
  return { administration, listen, stop: () => stop({ endpoint, upkeep, functions, services, log }) };
}

function digestServer({ random, hashes, clock }: ServerPlatform, { realm, digest }: Configuration): DigestServer {
  return new DigestServer({ realm, random, hashes, clock, algorithms: digest });
}

function endpointOptions(
  platform: ServerPlatform,
  core: CoreContext,
  trustedPeers: TrustedPeers,
): ConstructorParameters<typeof Endpoint>[0] {
  const { limits } = core.configuration;
  const { clock, random, hashes, network, octets } = platform;
  return {
    clock,
    random,
    hashes,
    network,
    octets,
    allow: allowedMethods,
    limits: { udpRequestOctets: limits.udpRequestBytes },
    parseLimits: { maximumBodyOctets: limits.bodyOctets },
    userAgentOrServer: serverToken(product),
    followsSentBy: ({ host }) => trustedPeers.includes(host),
    on: endpointEvents(core),
  };
}

function endpointEvents({ log, location }: CoreContext): EndpointEvents {
  return {
    flowClosed: (flow) => location.flowClosed(flow),
    malformed: (reason) => log.debug({ reason }, 'A malformed message came.'),
    undeliverable: (_flow, reason) => log.debug({ reason }, 'A response could not be sent.'),
    fault: (error) =>
      log.error({ reason: error instanceof Error ? (error.stack ?? error.message) : String(error) }, 'A fault of this program.'),
  };
}

async function listenOn(address: ListenAddress, endpoint: Endpoint, listeners: Listener[], ownAddresses: Set<string>): Promise<void> {
  const { transport, host, port, advertise } = address;
  const listener = await endpoint.listen(transport, { host, port }, advertise);
  listeners.push(listener);
  for (const own of [listener.address, ...(advertise === undefined ? [] : [advertise])])
    ownAddresses.add(`${own.host.toLowerCase()}:${own.port}`);
}

function listenText({ transport, address }: Listener): string {
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${transport.toLowerCase()}://${host}:${address.port}`;
}

/** What a crash interrupted: clients whose registration outlived it get what waits for them. */
async function pushWhatWaits({ location }: CoreContext, services: DatabaseServices, functions: ParticipatingFunction): Promise<void> {
  const owners = await services.deferredMessages.owners();
  if (isFault(owners)) return;
  for (const owner of owners) for (const binding of location.of(owner)) functions.pushes.request(owner, binding, 'timer');
}

interface Running {
  readonly endpoint: Endpoint;
  readonly upkeep: Upkeep;
  readonly functions: ParticipatingFunction;
  readonly services: DatabaseServices;
  readonly log: Log;
}

/** How long a push that is under way may still get its answer before the end. */
const stopMilliseconds = 2000;

async function stop({ endpoint, upkeep, functions, services, log }: Running): Promise<void> {
  upkeep.stop();
  functions.outbox.stop();
  functions.pushes.stop();
  await functions.pushes.idle(stopMilliseconds);
  await endpoint.close();
  await services.database.close();
  log.info({}, 'The server has stopped.');
}
