import { userId } from '@opencpm/cpm';
import type { StoredIdentity, StoredUser } from '@opencpm/storage';
import { RecordReader, RecordWriter } from './record-octets.ts';
import { RepeatedValues } from './repeated-values.ts';

const sources = ['configuration', 'database', 'demo'] as const satisfies readonly StoredUser['source'][];

/** Users as records, of some 130 octets with one identity. */
export class PackedUsers {
  readonly #writer = new RecordWriter();
  readonly #realms = new RepeatedValues((realm) => realm);

  /** The octets are valid until the next call. */
  write(user: StoredUser): Buffer {
    const writer = this.#writer.begin().text(user.owner).text(user.name);
    writer.count(user.identities.length);
    for (const { address, uri } of user.identities) writer.text(address).text(uri === address ? '' : uri);
    writer.count(sources.indexOf(user.source)).count(user.loopbackOnly ? 1 : 0);
    writer.text(user.ha1.MD5).text(user.ha1['SHA-256']);
    const realm = this.#realms.numberOf(user.realm);
    if (realm === undefined) writer.count(0).text(user.realm);
    else writer.count(realm + 1);
    return writer.octets;
  }

  read(octets: Buffer): StoredUser {
    const reader = new RecordReader(octets);
    const owner = userId(reader.text());
    const name = reader.text();
    const identities = readIdentities(reader);
    const source = sources[reader.count()] ?? 'database';
    const loopbackOnly = reader.count() === 1;
    const ha1 = { MD5: reader.text(), 'SHA-256': reader.text() };
    const realm = reader.count();
    return { owner, name, source, realm: realm === 0 ? reader.text() : this.#realms.valueOf(realm - 1), ha1, loopbackOnly, identities };
  }
}

export function hasOwner(octets: Buffer, owner: string): boolean {
  return new RecordReader(octets).text() === owner;
}

export function hasName(octets: Buffer, name: string): boolean {
  const reader = new RecordReader(octets);
  reader.text();
  return reader.text() === name;
}

export function hasAddress(octets: Buffer, address: string): boolean {
  const reader = new RecordReader(octets);
  reader.text();
  reader.text();
  return readIdentities(reader).some((identity) => identity.address === address);
}

function readIdentities(reader: RecordReader): readonly StoredIdentity[] {
  const identities: StoredIdentity[] = [];
  for (let left = reader.count(); left > 0; left -= 1) {
    const address = reader.text();
    const uri = reader.text();
    identities.push({ address, uri: uri === '' ? address : uri });
  }
  return identities;
}
