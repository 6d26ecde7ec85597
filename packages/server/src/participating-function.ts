import {
  type ExpiryWatch,
  type Isf,
  MessageStoreRecording,
  type OriginatingContext,
  type OutOfBandNotifier,
  type SipCore,
  type TerminatingContext,
} from '@opencpm/cpm';
import { Malformed, parseUri } from '@opencpm/sip';
import { absentIsf, absentOutOfBand } from './adapters/absent-adapters.ts';
import { functionClock } from './adapters/clock.ts';
import { nodeContentCodings } from './adapters/content-codings.ts';
import { learningQueue } from './adapters/learning-queue.ts';
import { OutboxSender } from './adapters/outbox-sender.ts';
import { RunningPushes } from './adapters/pushes.ts';
import { RecentMessageTable } from './adapters/recent-messages.ts';
import { BarredUsers } from './adapters/service-authorisation.ts';
import { SipIsf } from './adapters/sip-isf.ts';
import { ActiveUserPreferences } from './adapters/user-preferences.ts';
import { WebhookNotifier } from './adapters/webhook-notifier.ts';
import type { Configuration } from './configuration/configuration.ts';
import type { CoreContext } from './core/core-context.ts';
import type { NextHops } from './core/next-hops.ts';
import { type DatabaseServices, isFault, orThrow } from './database-services.ts';
import { serviceProviderPolicy } from './installation.ts';
import type { Observation } from './observability/observation.ts';
import type { PostJson } from './platform.ts';

/** The Participating Function with its ports wired to this server. */
export interface ParticipatingFunction {
  readonly originating: OriginatingContext;
  readonly terminating: TerminatingContext;
  readonly outbox: OutboxSender;
  readonly pushes: RunningPushes;
  readonly preferences: ActiveUserPreferences;
  readonly authorisation: BarredUsers;
  readonly recentMessages: RecentMessageTable;
}

/** How many duplicate keys of stored messages a start takes into memory. */
export const knownKeys = 100_000;

/** What lies outside of function and database. */
export interface Surroundings {
  readonly sipCore: SipCore;
  /** Sends a request directly to a next hop. */
  readonly nextHops: Pick<NextHops, 'send'>;
  readonly postJson: PostJson;
  readonly expiryWatch: ExpiryWatch;
  readonly observation: Observation;
}

export async function participatingFunction(
  core: CoreContext,
  services: DatabaseServices,
  { sipCore, nextHops, postJson, expiryWatch, observation }: Surroundings,
): Promise<ParticipatingFunction> {
  const { configuration, clock, ids, self, log, location } = core;
  const policy = serviceProviderPolicy(configuration);
  const recentMessages = new RecentMessageTable({
    windowMilliseconds: configuration.policy.duplicateWindowSeconds * 1000,
    seed: Number.parseInt(ids.unique().slice(0, 8), 16),
  });
  const keys = await services.deferredMessages.recentKeys(clock.now(), knownKeys);
  if (!isFault(keys)) for (const { key, expiresAt } of keys.toReversed()) recentMessages.rememberStored(key, expiresAt);
  const outbox = new OutboxSender(services.outbox, sipCore, { clock, log, isShared: configuration.cluster !== undefined });
  const pushes = new RunningPushes(clock, log, (outcome) => observation.measures.pushes.count(outcome.kind));
  const { diagnostics } = observation;
  const charging = observation.charging(core);
  const preferences = new ActiveUserPreferences(services.userPreferences, clock, log);
  const authorisation = new BarredUsers(services.userPreferences);
  for (const fault of [await preferences.load(), await authorisation.load()]) orThrow(fault);
  const shared = {
    sipCore,
    preferences,
    recording: new MessageStoreRecording({
      ports: { messageStore: services.messageObjects, outbox, clock: functionClock(clock), ids, diagnostics },
      self,
    }),
    isf: isfOf(configuration, nextHops),
    anonymousOriginators: services.anonymousOriginators,
    outbox,
    charging,
    clock: functionClock(clock),
    ids,
    contentCodings: nodeContentCodings(configuration.limits.bodyOctets),
  };
  const terminating: TerminatingContext = {
    ports: {
      ...shared,
      registrations: location,
      deferredQueue: learningQueue(services.deferredMessages, recentMessages, {
        windowMilliseconds: configuration.policy.duplicateWindowSeconds * 1000,
        clock: shared.clock,
      }),
      expiryWatch,
      pushes,
      outOfBand: outOfBandOf(core, postJson),
      recentMessages,
      diagnostics,
    },
    policy,
    self,
  };
  pushes.serveWith(terminating);
  const originating: OriginatingContext = { ports: { ...shared, authorisation, registrations: location, diagnostics }, policy, self };
  preferences.onChange((owner) => {
    for (const binding of location.of(owner)) pushes.request(owner, binding, 'timer');
  });
  return { originating, terminating, outbox, pushes, preferences, authorisation, recentMessages };
}

function isfOf({ isf }: Configuration, nextHops: Surroundings['nextHops']): Isf {
  const uri = isf === undefined ? undefined : parseUri(isf);
  if (uri === undefined || uri instanceof Malformed || uri.kind !== 'sip') return absentIsf;
  return new SipIsf(uri, (request, nextHop) => nextHops.send(request, nextHop));
}

function outOfBandOf({ configuration: { webhook }, directory, clock, log }: CoreContext, postJson: PostJson): OutOfBandNotifier {
  if (webhook.url === undefined) return absentOutOfBand;
  return new WebhookNotifier({ url: webhook.url, quietMilliseconds: webhook.quietSeconds * 1000 }, { postJson, directory, clock, log });
}
