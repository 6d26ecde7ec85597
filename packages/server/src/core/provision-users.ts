import { type Ids, userId } from '@opencpm/cpm';
import { canonicalAddress, type Hashes, ha1Hex, Malformed, parseUri } from '@opencpm/sip';
import type { StoredIdentity, StoredUser, UserChange } from '@opencpm/storage';
import type { Configuration, ConfiguredUser } from '../configuration/configuration.ts';
import type { Directory } from './directory.ts';

export interface Provisioning {
  readonly directory: Directory;
  readonly hashes: Hashes;
  readonly ids: Ids;
  readonly now: number;
}

/** Users of the configuration file exist from the start on and are what the file says; others stay as they are. */
export async function provisionUsers(configuration: Configuration, provisioning: Provisioning): Promise<string | undefined> {
  for (const configured of configuration.users) {
    const change = await provisionUser(configured, configuration, provisioning);
    if (change.kind === 'conflict') return `user ${configured.user}: an identity is another user's`;
    if (change.kind === 'fault') return `user ${configured.user}: ${change.reason}`;
  }
  return undefined;
}

async function provisionUser(configured: ConfiguredUser, configuration: Configuration, provisioning: Provisioning): Promise<UserChange> {
  const { directory, ids, now } = provisioning;
  const existing = directory.byName(configured.user);
  const user = newUser(configured, configuration, provisioning, existing?.owner ?? userId(ids.unique()));
  if (existing === undefined) return directory.add(user, now);
  return sameUser(existing, user) ? { kind: 'done' } : directory.update(user);
}

/** What is stored of a user: no password, only what digest needs. */
export function newUser(
  configured: Pick<ConfiguredUser, 'user' | 'password' | 'identities' | 'loopbackOnly'>,
  { domain, realm }: Pick<Configuration, 'domain' | 'realm'>,
  { hashes }: Pick<Provisioning, 'hashes'>,
  owner: StoredUser['owner'],
): StoredUser {
  const { user, password } = configured;
  const uris = configured.identities.length > 0 ? configured.identities : [`sip:${user}@${domain}`];
  return {
    owner,
    name: user,
    source: configured.loopbackOnly ? 'demo' : 'configuration',
    realm,
    ha1: { MD5: ha1Hex(hashes, 'MD5', user, realm, password), 'SHA-256': ha1Hex(hashes, 'SHA-256', user, realm, password) },
    loopbackOnly: configured.loopbackOnly,
    identities: uris.flatMap(identityOf),
  };
}

function identityOf(uri: string): readonly StoredIdentity[] {
  const parsed = parseUri(uri);
  const address = parsed instanceof Malformed ? undefined : canonicalAddress(parsed);
  return address === undefined ? [] : [{ address, uri }];
}

function sameUser(one: StoredUser, other: StoredUser): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
