import { userId } from '@opencpm/cpm';
import type { StoredIdentity, StoredUser } from '@opencpm/storage';
import { RecordReader, RecordWriter } from './record-octets.ts';
import { RepeatedValues } from './repeated-values.ts';

const sources = ['configuration', 'database', 'demo'] as const satisfies readonly StoredUser['source'][];

/** How an identity stands in a record: by its texts, or by nothing more, because it is the user's name in his realm. */
const identityMarks = { written: 0, ownName: 1 } as const;

/** Users as records, of some 90 octets with one identity that is their name in their realm. */
export class PackedUsers {
  readonly #writer = new RecordWriter();
  readonly #realms = new RepeatedValues((realm) => realm);

  /** The octets are valid until the next call. */
  write(user: StoredUser): Buffer {
    const writer = this.#writer.begin().text(user.owner).text(user.name);
    this.#writeRealm(user.realm);
    writer.count(user.identities.length);
    const own = ownAddress(user.name, user.realm);
    for (const { address, uri } of user.identities) {
      if (address === own && uri === own) writer.count(identityMarks.ownName);
      else
        writer
          .count(identityMarks.written)
          .text(address)
          .text(uri === address ? '' : uri);
    }
    writer.count(sources.indexOf(user.source)).count(user.loopbackOnly ? 1 : 0);
    return writer.text(user.ha1.MD5).text(user.ha1['SHA-256']).octets;
  }

  read(octets: Buffer): StoredUser {
    const reader = new RecordReader(octets);
    const owner = userId(reader.text());
    const name = reader.text();
    const realm = this.#readRealm(reader);
    const identities = readIdentities(reader, ownAddress(name, realm));
    const source = sources[reader.count()] ?? 'database';
    const loopbackOnly = reader.count() === 1;
    const ha1 = { MD5: reader.text(), 'SHA-256': reader.text() };
    return { owner, name, source, realm, ha1, loopbackOnly, identities };
  }

  hasAddress(octets: Buffer, address: string): boolean {
    const reader = new RecordReader(octets);
    reader.text();
    const name = reader.text();
    const own = ownAddress(name, this.#readRealm(reader));
    return readIdentities(reader, own).some((identity) => identity.address === address);
  }

  #writeRealm(realm: string): void {
    const number = this.#realms.numberOf(realm);
    if (number === undefined) this.#writer.count(0).text(realm);
    else this.#writer.count(number + 1);
  }

  #readRealm(reader: RecordReader): string {
    const number = reader.count();
    return number === 0 ? reader.text() : this.#realms.valueOf(number - 1);
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

function ownAddress(name: string, realm: string): string {
  return `sip:${name}@${realm}`;
}

function readIdentities(reader: RecordReader, own: string): readonly StoredIdentity[] {
  const identities: StoredIdentity[] = [];
  for (let left = reader.count(); left > 0; left -= 1) {
    if (reader.count() === identityMarks.ownName) {
      identities.push({ address: own, uri: own });
      continue;
    }
    const address = reader.text();
    const uri = reader.text();
    identities.push({ address, uri: uri === '' ? address : uri });
  }
  return identities;
}
