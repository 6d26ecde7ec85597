import { resolve } from 'node:path';

import type { Cluster, Configuration, Http, Log, Policy, Records } from './configuration.ts';
import type { ParsedConfiguration } from './schema.ts';
import { resolveStorage } from './storage-location.ts';

/** Fills in what depends on other keys and on the folder of the file. */
export function resolveConfiguration(parsed: ParsedConfiguration, directory: string): Configuration {
  const { registrationMin, registrationMax, registrationDefault, ...counts } = parsed.limits;
  return {
    domain: parsed.domain,
    realm: parsed.realm ?? parsed.domain,
    digest: parsed.digest,
    listen: parsed.listen,
    storage: resolveStorage(parsed.storage, directory),
    ...resolveCluster(parsed.cluster),
    trustedPeers: parsed.trustedPeers.map((address) => ({ address })),
    users: parsed.users.map((user) => ({ ...user, loopbackOnly: false })),
    routes: parsed.routes,
    dns: parsed.dns,
    policy: resolvePolicy(parsed.policy),
    limits: {
      ...counts,
      registrationMinSeconds: registrationMin,
      registrationMaxSeconds: registrationMax,
      registrationDefaultSeconds: registrationDefault,
    },
    webhook: { quietSeconds: parsed.webhook.quiet, ...(parsed.webhook.url === undefined ? {} : { url: parsed.webhook.url }) },
    ...(parsed.isf === undefined ? {} : { isf: parsed.isf }),
    http: { listen: httpAddress(parsed) },
    records: resolveRecords(parsed.records, directory),
    log: resolveLog(parsed.log, directory),
    drainSeconds: parsed.drain,
  };
}

/** One of the two alone is a contradiction, found before. */
function resolveCluster({ node, listen, lease }: ParsedConfiguration['cluster']): { readonly cluster?: Cluster } {
  return node === undefined || listen === undefined ? {} : { cluster: { node, listen, leaseSeconds: lease } };
}

/** A server that takes any free port for SIP is one of several on its machine, and takes any for HTTP too. */
function httpAddress({ http, listen }: ParsedConfiguration): Http['listen'] {
  if (http.listen === 'off') return undefined;
  return http.listen ?? { host: '127.0.0.1', port: listen.some(({ port }) => port === 0) ? 0 : defaultHttpPort };
}

/** Among the ports that exporters for Prometheus have by convention. */
const defaultHttpPort = 9464;

function resolveRecords({ file, maxSize, maxAge, keep }: ParsedConfiguration['records'], directory: string): Records {
  return { maxBytes: maxSize, maxAgeSeconds: maxAge, keep, ...inDirectory(directory, file) };
}

function resolveLog({ file, ...settings }: ParsedConfiguration['log'], directory: string): Log {
  return { ...settings, ...inDirectory(directory, file) };
}

function inDirectory(directory: string, file: string | undefined): { readonly file?: string } {
  return file === undefined ? {} : { file: resolve(directory, file) };
}

function resolvePolicy(parsed: ParsedConfiguration['policy']): Policy {
  const { answerWithin, maxExpiry, duplicateWindow, minRelease, pushRetryFirst, pushRetryMax, ...choices } = parsed;
  return {
    ...choices,
    answerWithinSeconds: answerWithin,
    maxExpirySeconds: maxExpiry,
    pushRetryFirstSeconds: pushRetryFirst,
    pushRetryMaxSeconds: pushRetryMax,
    duplicateWindowSeconds: duplicateWindow,
    minRelease: parseRelease(minRelease),
  };
}

function parseRelease(text: string): Policy['minRelease'] {
  const [major, minor] = text.split('.');
  return minor === undefined ? undefined : { major: Number(major), minor: Number(minor) };
}
