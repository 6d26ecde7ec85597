import { userId } from '@opencpm/cpm';
import { canonicalAddress, Malformed, parseUri } from '@opencpm/sip';
import { MIGRATIONS, migrate, openSqliteInThread, type StoredUser, Users } from '@opencpm/storage';
import { Directory } from './directory.ts';

export const domain = 'cpm.test';

/** A user of that name whose identities are those URIs. */
export function storedUser(name: string, ...uris: readonly string[]): StoredUser {
  const identities = uris.map((uri) => {
    const parsed = parseUri(uri);
    const address = parsed instanceof Malformed ? undefined : canonicalAddress(parsed);
    if (address === undefined) throw new Error(`no address: ${uri}`);
    return { address, uri };
  });
  const ha1 = { MD5: '', 'SHA-256': '' };
  return { owner: userId(`owner of ${name}`), name, source: 'database', realm: domain, ha1, loopbackOnly: false, identities };
}

/** A directory over an empty database with these users added. */
export async function directoryOf(...users: readonly StoredUser[]): Promise<Directory> {
  const database = openSqliteInThread({ file: ':memory:' });
  await migrate(database, MIGRATIONS);
  const directory = new Directory(new Users(database), domain);
  for (const user of users) {
    const change = await directory.add(user, 0);
    if (change.kind !== 'done') throw new Error(`${user.name}: ${change.kind}`);
  }
  return directory;
}
