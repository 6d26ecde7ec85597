import { resolve } from 'node:path';

import type { Configuration, Policy } from './configuration.ts';
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
    log: { level: parsed.log.level, ...(parsed.log.file === undefined ? {} : { file: resolve(directory, parsed.log.file) }) },
  };
}

function resolvePolicy(parsed: ParsedConfiguration['policy']): Policy {
  const { answerWithin, maxExpiry, duplicateWindow, minRelease, ...choices } = parsed;
  return {
    ...choices,
    answerWithinSeconds: answerWithin,
    maxExpirySeconds: maxExpiry,
    duplicateWindowSeconds: duplicateWindow,
    minRelease: parseRelease(minRelease),
  };
}

function parseRelease(text: string): Policy['minRelease'] {
  const [major, minor] = text.split('.');
  return minor === undefined ? undefined : { major: Number(major), minor: Number(minor) };
}
