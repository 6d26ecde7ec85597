import type { AnsweringFunction, ServiceProviderPolicy } from '@opencpm/cpm';
import { serverToken } from '@opencpm/cpm';
import { PlatformIds } from './adapters/ids.ts';
import type { Configuration } from './configuration/configuration.ts';
import type { CoreContext } from './core/core-context.ts';
import { Directory } from './core/directory.ts';
import { Location } from './core/location.ts';
import { provisionUsers } from './core/provision-users.ts';
import { type DatabaseServices, orThrow } from './database-services.ts';
import { type Log, product, type ServerPlatform } from './platform.ts';

/** What a server and a command that opens the database without one have in common. */
export async function loadCore(
  platform: ServerPlatform,
  configuration: Configuration,
  services: DatabaseServices,
  log: Log,
): Promise<CoreContext> {
  const ids = new PlatformIds(platform.random, platform.hashes);
  ids.useDeliveryKey(services.deliveryKey);
  const directory = new Directory(services.users, configuration.domain);
  const location = new Location(services.bindings, configuration.cluster?.node);
  const faults = [await directory.load(), await location.load(platform.clock.now())];
  for (const fault of faults) orThrow(fault);
  const problem = await provisionUsers(configuration, { directory, hashes: platform.hashes, ids, now: platform.clock.now() });
  if (problem !== undefined) throw new Error(problem);
  const self: AnsweringFunction = { host: configuration.domain, server: serverToken(product), newTag: () => ids.tag() };
  return { configuration, directory, location, clock: platform.clock, ids, self, log };
}

/** The operator's decisions in the words and units of the functions. */
export function serviceProviderPolicy({ policy, limits }: Configuration): ServiceProviderPolicy {
  return {
    answerWithinMilliseconds: policy.answerWithinSeconds * 1000,
    undelivered: policy.undelivered,
    plainClients: policy.plainClients,
    anonymity: policy.anonymity,
    ownDeviceCopies: policy.ownDeviceCopies,
    maxExpirySeconds: policy.maxExpirySeconds,
    expiryNotices: policy.expiryNotices,
    minRelease: policy.minRelease,
    unknownRelease: policy.unknownRelease,
    pushInFlightPerClient: limits.pushInFlightPerClient,
    pushRetryFirstMilliseconds: policy.pushRetryFirstSeconds * 1000,
    pushRetryMaxMilliseconds: policy.pushRetryMaxSeconds * 1000,
  };
}
