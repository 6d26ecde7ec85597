import { z } from 'zod';

import { clusterContradictions } from './cluster-contradictions.ts';
import { formatListenAddress, parseListenAddress } from './listen-address.ts';
import { type Finding, formatPath } from './problems.ts';
import type { ParsedConfiguration } from './schema.ts';
import type { Path } from './schema-walk.ts';
import { addressDomain, addressKey } from './uri-settings.ts';

/**
 * What no single key can see: doubles, and keys that contradict each other. It reads the document as written, and what
 * it can of a faulty one, so that these problems come together with those of the single keys.
 */
export function inconsistencies(raw: unknown): readonly Finding[] {
  const written = writtenConfiguration.parse(raw);
  return [...repeatedUsers(written), ...repeatedIdentities(written), ...foreignIdentities(written), ...repeatedListenAddresses(written)];
}

/** Rules over values that are all there and right by themselves. */
export function contradictions(parsed: ParsedConfiguration): readonly Finding[] {
  const { registrationMin, registrationMax, registrationDefault } = parsed.limits;
  const findings: Finding[] = [...clusterContradictions(parsed)];
  if (registrationMin > registrationMax) {
    findings.push({ path: ['limits', 'registrationMin'], text: 'is longer than limits.registrationMax (make it shorter)' });
  }
  if (registrationDefault < registrationMin || registrationDefault > registrationMax) {
    const text = 'is not between limits.registrationMin and limits.registrationMax (choose one between)';
    findings.push({ path: ['limits', 'registrationDefault'], text });
  }
  if (parsed.policy.pushRetryFirst > parsed.policy.pushRetryMax) {
    findings.push({ path: ['policy', 'pushRetryFirst'], text: 'is longer than policy.pushRetryMax (make it shorter)' });
  }
  if (Object.hasOwn(parsed.routes, parsed.domain)) {
    findings.push({ path: ['routes', parsed.domain], text: 'is the domain of this server (remove the route)' });
  }
  return findings;
}

const writtenUser = z.object({
  user: z.string().optional().catch(undefined),
  identities: z.array(z.string().catch('')).catch([]),
});

const writtenConfiguration = z
  .object({
    domain: z.string().optional().catch(undefined),
    listen: z.array(z.string().catch('')).catch([]),
    users: z.array(writtenUser.catch({ user: undefined, identities: [] })).catch([]),
  })
  .catch({ domain: undefined, listen: [], users: [] });

type Written = z.output<typeof writtenConfiguration>;

function repeatedUsers(written: Written): readonly Finding[] {
  const places = written.users.map((user, index) => ({ value: user.user, path: ['users', index, 'user'] }));
  return repeated(places, (first) => `is a user already (see ${first}; remove one)`);
}

/** Also the identity that a user has by default counts. */
function repeatedIdentities(written: Written): readonly Finding[] {
  const domain = written.domain?.toLowerCase();
  const places = written.users.flatMap((user, index): Place[] => {
    if (user.identities.length > 0) {
      return user.identities.map((identity, at) => ({ value: addressKey(identity), path: ['users', index, 'identities', at] }));
    }
    if (user.user === undefined || domain === undefined) return [];
    return [{ value: addressKey(`sip:${user.user}@${domain}`), path: ['users', index, 'user'] }];
  });
  const ofOneUser = repeatedUsers(written).map((finding) => finding.path[1]);
  const findings = repeated(places, (first) => `reaches the user of ${first} already (an address belongs to one user)`);
  return findings.filter((finding) => !(finding.path[2] === 'user' && ofOneUser.includes(finding.path[1])));
}

function foreignIdentities(written: Written): readonly Finding[] {
  const domain = written.domain?.toLowerCase();
  if (domain === undefined) return [];
  return written.users.flatMap((user, index) =>
    user.identities.flatMap((identity, at): Finding[] => {
      const own = addressDomain(identity);
      if (own === undefined || own === domain) return [];
      return [{ path: ['users', index, 'identities', at], text: `is not in the domain of this server (write it with @${domain})` }];
    }),
  );
}

function repeatedListenAddresses(written: Written): readonly Finding[] {
  const places = written.listen.map((text, index): Place => {
    const parsed = parseListenAddress(text);
    const fixed = parsed.kind === 'address' && parsed.address.port !== 0;
    return { value: fixed ? formatListenAddress(parsed.address) : undefined, path: ['listen', index] };
  });
  return repeated(places, (first) => `is listened on already (see ${first}; remove one)`);
}

interface Place {
  readonly value: string | undefined;
  readonly path: Path;
}

function repeated(places: readonly Place[], text: (first: string) => string): readonly Finding[] {
  const seen = new Map<string, Path>();
  return places.flatMap((place): Finding[] => {
    if (place.value === undefined) return [];
    const first = seen.get(place.value);
    if (first !== undefined) return [{ path: place.path, text: text(formatPath(first)) }];
    seen.set(place.value, place.path);
    return [];
  });
}
