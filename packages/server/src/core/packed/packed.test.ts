import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { userId } from '@opencpm/cpm';
import type { Flow } from '@opencpm/sip';
import type { StoredBinding, StoredUser } from '@opencpm/storage';
import fc from 'fast-check';
import { bindingFromStored, type LocatedBinding } from '../stored-binding.ts';
import { earliestExpiry, type Flows, isOfOwner, PackedBindings } from './packed-bindings.ts';
import { hasName, hasOwner, PackedUsers } from './packed-user.ts';
import { RecentValues } from './recent-values.ts';
import { RecordHeap } from './record-heap.ts';
import { RecordReader, RecordWriter } from './record-octets.ts';
import { RepeatedValues } from './repeated-values.ts';
import { TextIndex } from './text-index.ts';

describe('records outside of the heap', () => {
  it('every text and number comes back as it was written', () => {
    const writer = new RecordWriter();
    const texts = fc.array(
      fc.oneof(
        fc.string(),
        fc.string({ unit: 'binary' }),
        fc.stringMatching(/^[0-9a-f]{0,40}$/),
        fc.uuid().map((uuid) => `<urn:uuid:${uuid}>`),
      ),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(texts, fc.nat(2 ** 31 - 1), fc.nat(2 ** 48 - 1), (written, count, number) => {
        writer.begin().count(count).number(number);
        for (const text of written) writer.text(text);
        const reader = new RecordReader(Buffer.from(writer.octets));
        assert.deepEqual([reader.count(), reader.number(), ...written.map(() => reader.text())], [count, number, ...written]);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it('hexadecimal digits take half of their length', () => {
    assert.equal(new RecordWriter().begin().text('0123456789abcdef'.repeat(2)).octets.length, 17);
    assert.equal(new RecordWriter().begin().text('0123456789ABCDEF'.repeat(2)).octets.length, 34);
  });

  it('an instance takes the octets of its UUID; what only resembles one is written out', () => {
    const uuid = '<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>';
    const others = [uuid.toUpperCase(), `${uuid} 1`, uuid.replace('4fae', '4faE'), uuid.replace('-7', '7')];
    for (const [text, length] of [[uuid, 17] as const, ...others.map((other) => [other, other.length + 2] as const)]) {
      const { octets } = new RecordWriter().begin().text(text);
      assert.deepEqual([octets.length, new RecordReader(octets).text()], [length, text]);
    }
  });

  it('records are found again, their room is used again, and long ones get slabs of their own', () => {
    const heap = new RecordHeap();
    const octets = (length: number, value: number) => new Uint8Array(length).fill(value);
    const first = heap.put(octets(100, 1));
    const long = heap.put(octets(3_000_000, 2));
    const second = heap.put(octets(12, 3));
    assert.deepEqual(
      [first, long, second].map((reference) => [heap.get(reference).length, heap.get(reference).at(-1)]),
      [
        [100, 1],
        [3_000_000, 2],
        [12, 3],
      ],
    );
    heap.drop(first);
    assert.equal(heap.put(octets(97, 4)), first);
    assert.deepEqual([heap.get(first).length, heap.get(first)[0]], [97, 4]);
    heap.drop(long);
    assert.equal(heap.put(octets(3_000_000, 5)), long);
  });

  it('a text leads to its record through growth, moves and removals', () => {
    const index = new TextIndex();
    const keys = new Map<number, string>();
    const find = (key: string) => index.find(key, (reference) => keys.get(reference) === key);
    for (let number = 0; number < 5000; number += 1) {
      keys.set(number, `key ${number}`);
      index.add(`key ${number}`, number);
      if (number % 3 === 0) index.remove(`key ${number}`, number);
    }
    assert.equal(index.size, 3333);
    assert.deepEqual([find('key 4000'), find('key 3999'), find('key 9999')], [4000, undefined, undefined]);
    keys.set(70_000, 'key 4000');
    index.move('key 4000', 4000, 70_000);
    assert.equal(find('key 4000'), 70_000);
    assert.equal([...index.references()].length, 3333);
  });

  it('what comes and goes leaves no marks that fill a table', () => {
    const index = new TextIndex();
    for (let number = 0; number < 100_000; number += 1) {
      index.add('same', 1);
      index.remove('same', 1);
    }
    assert.equal(
      index.find('same', () => true),
      undefined,
    );
  });

  it('so many repeated texts are numbered and no more', () => {
    const values = new RepeatedValues((text) => text.length);
    const numbers = Array.from({ length: 1030 }, (_, index) => values.numberOf(`text ${index}`));
    assert.equal(numbers.filter((number) => number !== undefined).length, 1024);
    assert.equal(values.valueOf(values.numberOf('text 7') ?? -1), 6);
    assert.equal(new RepeatedValues((text) => text).numberOf('x'.repeat(2000)), undefined);
  });

  it('what was used last is kept, what was not goes', () => {
    const values = new RecentValues<number, string>(2);
    for (const key of [1, 2, 3]) values.set(key, `value ${key}`);
    assert.deepEqual([values.get(1), values.get(3)], ['value 1', 'value 3']);
    for (const key of [4, 5]) values.set(key, `value ${key}`);
    assert.deepEqual([values.get(2), values.get(5)], [undefined, 'value 5']);
    values.delete(5);
    assert.equal(values.get(5), undefined);
    values.clear();
    assert.deepEqual([values.get(1), values.get(3), values.get(4)], [undefined, undefined, undefined]);
  });
});

const user: StoredUser = {
  owner: userId('0123456789abcdef0123456789abcdef'),
  name: 'zoë',
  source: 'demo',
  realm: 'Ελλάδα',
  ha1: { MD5: 'a'.repeat(32), 'SHA-256': 'b'.repeat(64) },
  loopbackOnly: true,
  identities: [
    { address: 'sip:zoe@cpm.test', uri: 'sip:zoe@cpm.test' },
    { address: 'tel:+15550002', uri: 'tel:+1-555-0002' },
  ],
};

describe('a user as a record', () => {
  it('comes back as he was, and is told by id, name and every address', () => {
    const packed = new PackedUsers();
    const octets = Buffer.from(packed.write(user));
    assert.deepEqual(packed.read(octets), user);
    assert.deepEqual([hasOwner(octets, user.owner), hasOwner(octets, 'other')], [true, false]);
    assert.deepEqual([hasName(octets, 'zoë'), hasName(octets, 'zo')], [true, false]);
    assert.deepEqual([packed.hasAddress(octets, 'tel:+15550002'), packed.hasAddress(octets, 'tel:+1-555-0002')], [true, false]);
    assert.ok(octets.length < 200);
  });

  it('an identity that is his name in his realm takes one octet, in each realm that is told apart', () => {
    const packed = new PackedUsers();
    const named = (name: string, realm: string, identity = `sip:${name}@${realm}`): StoredUser => {
      return { ...user, name, realm, identities: [{ address: identity, uri: identity }, ...user.identities] };
    };
    const users = [named('anna', 'cpm.test'), named('anna', 'other.test'), named('anna', 'cpm.test', 'sip:anne@cpm.test')];
    const records = users.map((one) => Buffer.from(packed.write(one)));
    assert.deepEqual(
      records.map((record) => packed.read(record)),
      users,
    );
    const [own = 0, , written = 0] = records.map((record) => record.length);
    assert.equal(written - own, 'sip:anne@cpm.test'.length + 2);
    assert.deepEqual(
      records.map((record) => packed.hasAddress(record, 'sip:anna@cpm.test')),
      [true, false, false],
    );
  });
});

const stored: StoredBinding = {
  owner: user.owner,
  client: '<urn:uuid:1> 1',
  contact: '<sip:zoe@192.0.2.7:5062;transport=tcp>;+sip.instance="<urn:uuid:1>";reg-id=1;+g.oma.sip-im;q=0.5',
  path: ['<sip:token@edge.test;lr;ob>', '<sip:core.test;lr>'],
  byPath: true,
  gruuAddress: 'sip:zoe@cpm.test',
  registeredAt: 1_700_000_000_000,
  expiresAt: 1_700_000_360_000,
  callId: 'call@192.0.2.7',
  sequence: 2 ** 31 - 1,
  transport: 'TCP',
  local: { host: '2001:db8::1', port: 5060 },
  remote: { host: '192.0.2.1', port: 40_000 },
};
const plain: StoredBinding = {
  ...stored,
  client: 'its own name',
  contact: '<sip:zoe@192.0.2.8>',
  path: [],
  byPath: false,
  gruuAddress: '',
};

function located(row: StoredBinding): LocatedBinding {
  const binding = bindingFromStored(row);
  assert.ok(binding !== undefined);
  return binding;
}

const connection: Flow = {
  ...{ id: 'tcp 7', transport: 'TCP', reliable: true, closed: false, local: stored.local, remote: stored.remote },
  send: () => true,
  close: () => undefined,
};
const flows: Flows = { connection: (id) => (id === connection.id ? connection : undefined), datagrams: () => undefined };

describe('the bindings of a user as a record', () => {
  const packed = new PackedBindings();
  const bindings = [
    { ...located(stored), flow: connection },
    { ...located({ ...plain, expiresAt: 1_700_000_001_000 }), unreachable: true },
  ];
  const octets = Buffer.from(packed.write(user.owner, bindings));

  it('come back as they were', () => {
    const read = packed.read(octets, flows);
    assert.deepEqual(
      read.map((binding) => binding.stored),
      bindings.map((binding) => binding.stored),
    );
    for (const [place, binding] of read.entries()) {
      assert.deepEqual(
        { ...binding, features: String(binding.features) },
        { ...bindings[place], features: String(bindings[place]?.features) },
      );
    }
  });

  it('tell whose they are and when the first one expires', () => {
    assert.equal(earliestExpiry(octets), 1_700_000_001_000);
    assert.deepEqual([isOfOwner(octets, user.owner), isOfOwner(octets, 'other')], [true, false]);
  });

  it('a connection that is gone is no flow', () => {
    const [first] = packed.read(octets, { ...flows, connection: () => undefined });
    assert.deepEqual([first?.flow, first?.unreachable], [undefined, false]);
  });

  it('an address that stands in the Contact already is not written again, and all others come back too', () => {
    const at = (contact: string, host: string, port: number, gruuAddress: string) =>
      located({ ...plain, contact, remote: { host, port }, gruuAddress });
    const told = [
      at('<sip:zoe@192.0.2.8:5070>', '192.0.2.8', 5070, 'sip:zoe@cpm.test'),
      at('<sip:zoe@192.0.2.8:5070>', '192.0.2.8', 5071, 'sip:zoa@cpm.test'),
      at('<sip:zoe@192.0.2.8>', '192.0.2.8', 5060, 'sip:zoe@other.test'),
      at('<sip:zoe@[2001:db8::7]:5070>', '2001:db8::7', 5070, 'sip:zoe@cpm.test;user=phone'),
      at('<sip:192.0.2.8:5070>', '192.0.2.8', 5070, 'sip:zoe@cpm.test'),
      at('<tel:+15550002>', '192.0.2.8', 5070, 'tel:+15550002'),
    ];
    const records = told.map((binding) => Buffer.from(packed.write(user.owner, [binding])));
    assert.deepEqual(
      records.map((record) => packed.read(record, flows)[0]?.stored),
      told.map((binding) => binding.stored),
    );
    const [shortest = 0, next = 0] = records.map((record) => record.length);
    assert.ok(next - shortest >= 'sip:zoa@cpm.test192.0.2.8'.length, `${shortest} and ${next} octets`);
  });
});
