import { type UserId, userId } from '@opencpm/cpm';
import { type Contact, contactHeader, type Flow, formatUri, type HostPort, Malformed, parseUri } from '@opencpm/sip';
import type { StoredBinding } from '@opencpm/storage';
import {
  bindingOf,
  type Capabilities,
  capabilitiesOf,
  clientKey,
  instanceOf,
  isOfNode,
  type LocatedBinding,
  withInstance,
} from '../stored-binding.ts';
import { RecordReader, RecordWriter } from './record-octets.ts';
import { RepeatedValues } from './repeated-values.ts';

/** What a record cannot hold: how a flow is found again. */
export interface Flows {
  /** The node that this process is; only its own clients have flows here. */
  readonly node?: string | undefined;
  /** A connection that is open. */
  connection(id: string): Flow | undefined;
  /** Datagrams from that local address to that peer. */
  datagrams(local: HostPort, remote: HostPort): Flow | undefined;
}

const marks = { unreachable: 1, byPath: 2, tcp: 4, instance: 8, ownName: 16, writtenFeatures: 32, remoteAtContact: 64 } as const;

/** The bindings of one user as a record, of some 110 octets for one client with an instance and no NAT before it. */
export class PackedBindings {
  readonly #writer = new RecordWriter();
  readonly #features = new RepeatedValues(readFeatures);
  readonly #addresses = new RepeatedValues(readAddress);
  readonly #nodes = new RepeatedValues((node: string) => node);
  /** What follows the user's name in the addresses of GRUUs, with the sign before it. */
  readonly #gruuHosts = new RepeatedValues((host: string) => host);

  /** All of the same owner. The octets are valid until the next call. */
  write(owner: UserId, bindings: readonly LocatedBinding[]): Buffer {
    const earliest = bindings.reduce((least, { expiresAt }) => Math.min(least, expiresAt), Number.MAX_SAFE_INTEGER);
    this.#writer.begin().number(Math.min(earliest, latestTime)).text(owner).count(bindings.length);
    for (const binding of bindings) this.#writeOne(binding);
    return this.#writer.octets;
  }

  read(octets: Buffer, flows: Flows): readonly LocatedBinding[] {
    const reader = new RecordReader(octets);
    reader.number();
    const owner = userId(reader.text());
    const bindings: LocatedBinding[] = [];
    for (let left = reader.count(); left > 0; left -= 1) bindings.push(this.#readOne(reader, owner, flows));
    return bindings;
  }

  #writeOne(binding: LocatedBinding): void {
    const { stored, flow, instance } = binding;
    const contact = contactOf(stored.contact);
    const features = featuresText(contact);
    const number = this.#features.numberOf(features);
    const ownName = stored.client !== clientKey(contact);
    const uri = formatUri(contact.uri);
    const remoteAtContact = isAt(contact, stored.remote);
    const writer = this.#writer.count(
      (binding.unreachable ? marks.unreachable : 0) |
        (stored.byPath ? marks.byPath : 0) |
        (stored.transport === 'TCP' ? marks.tcp : 0) |
        (instance === undefined ? 0 : marks.instance) |
        (ownName ? marks.ownName : 0) |
        (number === undefined ? marks.writtenFeatures : 0) |
        (remoteAtContact ? marks.remoteAtContact : 0),
    );
    writer.text(uri);
    if (instance !== undefined) writer.text(instance);
    if (ownName) writer.text(stored.client);
    if (number === undefined) writer.text(features);
    else writer.count(number);
    writer.number(stored.registeredAt).number(stored.expiresAt).text(stored.callId).count(stored.sequence);
    this.#writeAddress(stored.local);
    if (!remoteAtContact) writer.text(stored.remote.host).count(stored.remote.port);
    writer.count(stored.path.length);
    for (const hop of stored.path) writer.text(hop);
    this.#writeGruuAddress(stored.gruuAddress, uri);
    writer.text(flow?.reliable === true ? flow.id : '');
    this.#writeNode(stored.node);
  }

  #readOne(reader: RecordReader, owner: UserId, flows: Flows): LocatedBinding {
    const mark = reader.count();
    const has = (one: number) => (mark & one) !== 0;
    const uriText = reader.text();
    const uri = parseUri(uriText);
    if (uri instanceof Malformed) throw new TypeError('a binding whose Contact does not parse');
    const instance = has(marks.instance) ? reader.text() : undefined;
    const ownName = has(marks.ownName) ? reader.text() : undefined;
    const features = has(marks.writtenFeatures) ? readFeatures(reader.text()) : this.#features.valueOf(reader.count());
    const contact = { uri, parameters: withInstance(features.contact.parameters, instance), q: features.contact.q };
    const read: StoredBinding = {
      owner,
      client: ownName ?? clientKey(contact),
      contact: contactHeader.encode(contact),
      registeredAt: reader.number(),
      expiresAt: reader.number(),
      callId: reader.text(),
      sequence: reader.count(),
      transport: has(marks.tcp) ? 'TCP' : 'UDP',
      local: this.#readAddress(reader),
      remote: has(marks.remoteAtContact) ? placeOf(contact) : { host: reader.text(), port: reader.count() },
      path: readTexts(reader),
      byPath: has(marks.byPath),
      gruuAddress: this.#readGruuAddress(reader, uriText),
    };
    const connection = reader.text();
    const node = this.#readNode(reader);
    const stored: StoredBinding = node === '' ? read : { ...read, node };
    const flow = isOfNode(stored, flows.node) ? flowOf(stored, connection, flows) : undefined;
    return bindingOf(contact, stored, { unreachable: has(marks.unreachable), flow, capabilities: features.capabilities });
  }

  /** Mostly it begins as the Contact does, with the user's name, and ends with our domain. */
  #writeGruuAddress(address: string, contact: string): void {
    const name = beforeHost(contact);
    const number = name !== '' && beforeHost(address) === name ? this.#gruuHosts.numberOf(address.slice(name.length)) : undefined;
    if (number === undefined) this.#writer.count(0).text(address);
    else this.#writer.count(number + 1);
  }

  #readGruuAddress(reader: RecordReader, contact: string): string {
    const number = reader.count();
    return number === 0 ? reader.text() : `${beforeHost(contact)}${this.#gruuHosts.valueOf(number - 1)}`;
  }

  #writeNode(node = ''): void {
    const number = this.#nodes.numberOf(node);
    if (number === undefined) this.#writer.count(0).text(node);
    else this.#writer.count(number + 1);
  }

  #readNode(reader: RecordReader): string {
    const number = reader.count();
    return number === 0 ? reader.text() : this.#nodes.valueOf(number - 1);
  }

  #writeAddress({ host, port }: HostPort): void {
    const text = `${port} ${host}`;
    const number = this.#addresses.numberOf(text);
    if (number === undefined) this.#writer.count(0).text(text);
    else this.#writer.count(number + 1);
  }

  #readAddress(reader: RecordReader): HostPort {
    const number = reader.count();
    return number === 0 ? readAddress(reader.text()) : this.#addresses.valueOf(number - 1);
  }
}

function flowOf({ transport, local, remote }: StoredBinding, connection: string, flows: Flows): Flow | undefined {
  return transport === 'TCP' ? flows.connection(connection) : flows.datagrams(local, remote);
}

/** The highest number that a record holds, in milliseconds: the year 10889. */
const latestTime = 2 ** 48 - 1;

/** When the first of the bindings in a record expires. */
export function earliestExpiry(octets: Buffer): number {
  return new RecordReader(octets).number();
}

export function ownerOf(octets: Buffer): UserId {
  const reader = new RecordReader(octets);
  reader.number();
  return userId(reader.text());
}

export function isOfOwner(octets: Buffer, owner: string): boolean {
  const reader = new RecordReader(octets);
  reader.number();
  return reader.text() === owner;
}

function contactOf(text: string): Contact {
  const contact = contactHeader.decode(text);
  // The text was written by contactHeader.encode when the binding was made.
  if (contact instanceof Malformed || contact === '*') throw new TypeError('a binding whose Contact does not parse');
  return contact;
}

/** Whether a client's Contact is where its requests come from, as it is without a NAT between. */
function isAt(contact: Contact, { host, port }: HostPort): boolean {
  const place = placeOf(contact);
  return place.host === host && place.port === port;
}

function placeOf({ uri }: Contact): HostPort {
  return uri.kind === 'sip' ? { host: uri.host, port: uri.port ?? 0 } : { host: '', port: 0 };
}

/** Of a URI as text: the scheme and the user, without the sign that ends them; empty when it names no user. */
function beforeHost(uri: string): string {
  return uri.slice(0, Math.max(0, uri.indexOf('@')));
}

interface Features {
  readonly contact: Pick<Contact, 'parameters' | 'q'>;
  readonly capabilities: Capabilities;
}

/** Any URI: the text before the parameters is the same in all. */
const commonUri = '<sip:a>';

/** What many clients of a kind have in common: all parameters but the instance. */
function featuresText(contact: Contact): string {
  return contactHeader
    .encode({ ...contact, displayName: undefined, expiresSeconds: undefined, ...withoutInstance(contact) })
    .slice(formatUri(contact.uri).length + 2);
}

function withoutInstance({ parameters }: Contact): Pick<Contact, 'parameters'> {
  return instanceOf(parameters) === undefined ? { parameters } : { parameters: parameters.without('+sip.instance') };
}

function readFeatures(text: string): Features {
  const contact = contactOf(`${commonUri}${text}`);
  return { contact, capabilities: capabilitiesOf(contact) };
}

function readAddress(text: string): HostPort {
  const blank = text.indexOf(' ');
  return { port: Number(text.slice(0, blank)), host: text.slice(blank + 1) };
}

function readTexts(reader: RecordReader): readonly string[] {
  const texts: string[] = [];
  for (let left = reader.count(); left > 0; left -= 1) texts.push(reader.text());
  return texts;
}
