import { deliverPagerModeStandaloneMessage, handlePagerModeStandaloneMessage, isRefreshed, serverToken } from '@opencpm/cpm';
import { DigestServer, Endpoint, type EndpointOptions, type Listener, type RequestHandler, type ServerTransaction } from '@opencpm/sip';
import { Upkeep } from './adapters/upkeep.ts';
import type { Administration } from './administration.ts';
import type { Configuration, ListenAddress } from './configuration/configuration.ts';
import { AddressLimits } from './core/address-limits.ts';
import { Authentication } from './core/authentication.ts';
import type { CoreContext } from './core/core-context.ts';
import { EmbeddedCore } from './core/embedded-core.ts';
import { NextHops } from './core/next-hops.ts';
import { Overload } from './core/overload.ts';
import { proxyFor } from './core/proxy-for-server.ts';
import { Routing } from './core/routing.ts';
import type { LocatedBinding } from './core/stored-binding.ts';
import { TrustedPeers } from './core/trusted-peers.ts';
import { type DatabaseServices, isFault, openDatabaseServices } from './database-services.ts';
import { drain, refuseForNow } from './drain.ts';
import { loadCore } from './installation.ts';
import { Nodes } from './nodes/nodes.ts';
import { serveNodes, waysBetweenNodes } from './nodes/ways-between-nodes.ts';
import { endpointEvents } from './observability/endpoint-events.ts';
import { Measures } from './observability/measures.ts';
import { Observation } from './observability/observation.ts';
import type { AnswerHttp } from './observability/observation-platform.ts';
import { type Watch, watchServer } from './observability/watch-server.ts';
import { type ParticipatingFunction, participatingFunction } from './participating-function.ts';
import { product, type ServerPlatform } from './platform.ts';
import { ServerAdministration } from './server-administration.ts';

/** A running server. */
export interface Server {
  readonly administration: Administration;
  /** As bound: `udp://127.0.0.1:5060`. */
  readonly listen: readonly string[];
  /** Where metrics, health and readiness are: `http://127.0.0.1:9464`; undefined when it is switched off. */
  readonly http: string | undefined;
  /** What that port answers. */
  readonly answerHttp: AnswerHttp;
  /** Refuses new requests from now on; resolves when what is under way has ended, or `drain` of the configuration is over. */
  drain(): Promise<void>;
  /** Ends: takes no more requests, finishes what is being stored, closes the database. */
  stop(): Promise<void>;
  /** Lets go of what is kept only to be found faster; to be called while there is no work. */
  rest(): void;
  /** Log and records go into new files when theirs were moved away. */
  reopenFiles(): void;
}

/**
 * A whole server on a platform. The same configuration and the same events on a virtual platform give the same wire
 * log. Rejects with an Error that says what to do when it cannot start; then nothing is left open.
 */
export async function createServer(platform: ServerPlatform, configuration: Configuration): Promise<Server> {
  const logFile = platform.observation.openLog(configuration.log);
  const measures = new Measures();
  const services = await openDatabaseServices(platform, configuration, measures);
  try {
    const observation = await Observation.open(platform, configuration, { logFile, measures, key: services.deliveryKey });
    return await startObserved(platform, configuration, { services, observation });
  } catch (error) {
    await services.database.close();
    throw error;
  }
}

async function startObserved(
  platform: ServerPlatform,
  configuration: Configuration,
  { services, observation }: Pick<Foundations, 'services' | 'observation'>,
): Promise<Server> {
  let nodes: Nodes | undefined;
  try {
    nodes = await Nodes.join({ platform, configuration, services, log: observation.log });
    const core = await loadCore(platform, configuration, services, observation.log);
    return await startServer({ platform, core, services, observation, nodes });
  } catch (error) {
    await nodes?.leave();
    await observation.close();
    throw error;
  }
}

interface Foundations {
  readonly platform: ServerPlatform;
  readonly core: CoreContext;
  readonly services: DatabaseServices;
  readonly observation: Observation;
  /** Undefined where the database itself lets no other process in. */
  readonly nodes: Nodes | undefined;
}

async function startServer({ platform, core, services, observation, nodes }: Foundations): Promise<Server> {
  const { configuration, log } = core;
  const listeners: Listener[] = [];
  const trustedPeers = new TrustedPeers(configuration.trustedPeers);
  const dropped = (kind: 'malformed' | 'unauthenticated') => observation.measures.dropped.count(kind);
  const addresses = new AddressLimits({ limits: configuration.limits, trustedPeers, clock: platform.clock, dropped });
  const endpoint = new Endpoint(endpointOptions({ platform, core, observation }, { trustedPeers, addresses }));
  const digest = digestServer(platform, configuration, services.deliveryKey);
  const ownAddresses = new Set<string>();
  const routing = new Routing(configuration, core.directory, ownAddresses);
  const ways = { endpoint, network: platform.network, random: platform.random };
  const nextHops = new NextHops({ context: core, ways, trustedPeers });
  const nodeWays = waysBetweenNodes({ platform, core, services, nodes }, endpoint);
  const embedded = new EmbeddedCore({
    ...nodeWays,
    context: core,
    authentication: new Authentication({ context: core, digest, routing, addresses }),
    routing,
    trustedPeers,
    ways,
    nextHops,
    answered: (request, status) => observation.answered(request, status),
    ...proxyFor(platform, core, { endpoint, key: services.deliveryKey }),
  });
  const upkeep = new Upkeep(core, services);
  const functions = await participatingFunction(core, services, {
    sipCore: embedded,
    nextHops,
    postJson: platform.postJson,
    expiryWatch: upkeep,
    observation,
  });
  embedded.serveWith({
    originating: (served) => handlePagerModeStandaloneMessage(served, functions.originating),
    terminating: (served) => deliverPagerModeStandaloneMessage(served, functions.terminating),
    registered: (bindings, before) => pushToRegistered(functions, { bindings, before, now: platform.clock.now() }),
  });
  const overload = new Overload(observation.measures, configuration.limits);
  const isOverloaded = () => overload.isOverloaded;
  const watch = await watchServer({ platform, configuration, core, services, endpoint, observation, isOverloaded });
  const running = { platform, core, endpoint, upkeep, functions, services, observation, watch, nodes };
  const received = admission(running, overload, serveNodes(running, embedded, nodeWays.routes));
  endpoint.onRequest = received;
  endpoint.onInvite = received;
  endpoint.onAcknowledgement = (request, flow) => embedded.acknowledged(request, flow);
  await listenOnAll(running, listeners, ownAddresses);
  core.location.sendDatagramsBy((local, remote) => endpoint.datagramFlow(local, remote));
  upkeep.start({
    functions: nodes?.forUpkeep(functions.terminating) ?? functions.terminating,
    outboxChanged: () => functions.outbox.wake(),
    isOurs: () => nodes?.doesUpkeep ?? true,
  });
  functions.outbox.wake();
  await pushWhatWaits(core, services, functions);
  const listen = listeners.map(listenText);
  watch.readiness.phase = 'serving';
  nodes?.start({
    core,
    functions,
    upkeep,
    displaced: () => {
      watch.readiness.phase = 'draining';
      functions.pushes.stop();
      functions.outbox.stop();
    },
  });
  log.info({ domain: configuration.domain, listen: listen.join(' '), http: watch.url }, 'The server is ready.');
  return serverOf(running, administrationOf(running, listen), listen);
}

function administrationOf({ platform, core, services, functions }: Running, listen: readonly string[]): Administration {
  return new ServerAdministration({
    platform,
    configuration: core.configuration,
    core,
    services,
    functions: functions.terminating,
    preferences: functions.preferences,
    authorisation: functions.authorisation,
    startedAt: platform.clock.now(),
    listen: () => listen,
  });
}

function serverOf(running: Running, administration: Administration, listen: readonly string[]): Server {
  const { watch, observation, core } = running;
  return {
    administration,
    listen,
    http: watch.url,
    answerHttp: watch.answerHttp,
    drain: () => drainServer(running),
    stop: () => stop(running),
    rest: () => {
      core.directory.forgetRecent();
      core.location.forgetRecent();
    },
    reopenFiles: () => observation.reopenFiles(),
  };
}

/** What a new request meets first, before anything is spent on it. */
function admission(running: Running, overload: Overload, serve: RequestHandler): RequestHandler {
  const { readiness } = running.watch;
  return (transaction) => {
    if (readiness.phase === 'draining') refuseNow(transaction, 'draining', running);
    else if (overload.isOverloaded) refuseNow(transaction, 'overload', running);
    else return serve(transaction);
    return undefined;
  };
}

interface Registered {
  readonly bindings: readonly LocatedBinding[];
  readonly before: readonly LocatedBinding[];
  readonly now: number;
}

function pushToRegistered({ pushes }: ParticipatingFunction, { bindings, before, now }: Registered): void {
  for (const binding of bindings) {
    const known = before.find(({ client, expiresAt }) => client === binding.client && expiresAt > now);
    pushes.request(binding.owner, binding, isRefreshed(known, binding) ? 'heard' : 'registration');
  }
}

/**
 * Nonces outlive the process: challenged anew, a sender makes another request of what he sends again after a crash, and
 * the client would be shown it twice.
 */
function digestServer({ random, hashes, clock }: ServerPlatform, { realm, digest }: Configuration, deliveryKey: string): DigestServer {
  const key = new TextEncoder().encode(hashes.hex('sha-256', `nonces ${deliveryKey}`));
  return new DigestServer({ realm, random, hashes, clock, algorithms: digest, key });
}

interface Admitting {
  readonly trustedPeers: TrustedPeers;
  readonly addresses: AddressLimits;
}

function endpointOptions(
  { platform, core, observation }: Omit<Foundations, 'services' | 'nodes'>,
  { trustedPeers, addresses }: Admitting,
): EndpointOptions {
  const { limits } = core.configuration;
  const { clock, random, hashes, network, octets } = platform;
  return {
    clock,
    random,
    hashes,
    network,
    octets,
    allow: 'any',
    limits: { udpRequestOctets: limits.udpRequestBytes },
    parseLimits: { maximumBodyOctets: limits.bodyOctets },
    userAgentOrServer: serverToken(product),
    answersRefusals: ({ remote }) => addresses.answersMalformed(remote.host),
    followsSentBy: ({ host }) => trustedPeers.includes(host),
    on: { ...endpointEvents(observation), flowClosed: (flow) => core.location.flowClosed(flow) },
  };
}

async function listenOnAll({ core, endpoint, watch }: Running, listeners: Listener[], ownAddresses: Set<string>): Promise<void> {
  try {
    for (const address of core.configuration.listen) await listenOn(address, endpoint, listeners, ownAddresses);
    const { cluster } = core.configuration;
    if (cluster !== undefined) await endpoint.listen('TCP', cluster.listen, cluster.listen.advertise);
  } catch (error) {
    await endpoint.close();
    await watch.close();
    throw error;
  }
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
  for (const owner of owners)
    for (const binding of location.of(owner)) if (location.isHere(binding)) functions.pushes.request(owner, binding, 'timer');
}

/** Some seconds are long for an overload and short for a sender. */
const overloadRetryAfterSeconds = 5;

interface Running extends Foundations {
  readonly endpoint: Endpoint;
  readonly upkeep: Upkeep;
  readonly functions: ParticipatingFunction;
  readonly watch: Watch;
}

function refuseNow(transaction: ServerTransaction, reason: 'draining' | 'overload', { core, observation }: Running): void {
  observation.measures.refused.count(reason);
  const retryAfterSeconds = reason === 'draining' ? core.configuration.drainSeconds : overloadRetryAfterSeconds;
  refuseForNow(transaction, retryAfterSeconds, core.self.newTag);
}

async function drainServer({ platform, core, endpoint, functions, observation, watch }: Running): Promise<void> {
  const { log, configuration } = core;
  watch.readiness.phase = 'draining';
  log.info({}, 'The server takes no new requests and finishes what is under way.');
  const drained = { clock: platform.clock, log, endpoint, measures: observation.measures, functions };
  await drain(drained, configuration.drainSeconds * 1000);
}

/** How long a push that is under way may still get its answer before the end. */
const stopMilliseconds = 2000;

async function stop({ endpoint, upkeep, functions, services, observation, watch, nodes }: Running): Promise<void> {
  const upkeepEnded = upkeep.stop();
  functions.outbox.stop();
  functions.preferences.stop();
  functions.pushes.stop();
  await functions.pushes.idle(stopMilliseconds);
  await upkeepEnded;
  await endpoint.close();
  await nodes?.leave();
  await services.database.close();
  await observation.close();
  await watch.close();
  observation.log.info({}, 'The server has stopped.');
}
