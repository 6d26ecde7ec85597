/** Node's resolver against a name server on loopback. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Malformed } from '../message/malformed.ts';
import type { DnsFault } from '../platform.ts';
import { locateServers } from '../routing/locate-servers.ts';
import { parseUri } from '../uri/uri.ts';
import { type NodeDnsOptions, nodeDns } from './dns.ts';
import { nodeRandom } from './random.ts';
import { a, aaaa, DnsResponder, type DnsZone, naptr, srv } from './test-support/dns-responder.ts';

const one = { priority: 10, weight: 60, port: 5070, target: 'one.example.net' };
const two = { priority: 20, weight: 0, port: 5060, target: 'two.example.net' };
const overTcp = { order: 50, preference: 50, flags: 's', service: 'SIP+D2T', regexp: '', replacement: '_sip._tcp.example.net' };

const zone: DnsZone = {
  'NAPTR example.net': [naptr(overTcp)],
  'SRV _sip._tcp.example.net': [srv(two), srv(one)],
  'A one.example.net': [a('192.0.2.1'), a('192.0.2.2', 60)],
  'AAAA one.example.net': [aaaa('2001:db8::1')],
  'A two.example.net': [a('192.0.2.3')],
};

async function started(context: TestContext, records: DnsZone = zone, options: Partial<NodeDnsOptions> = {}) {
  const responder = await DnsResponder.start({ ...records });
  context.after(() => responder.close());
  const dns = nodeDns({ servers: [responder.server], lookup: () => Promise.resolve([]), ...options });
  return { dns, responder };
}

function isTemporary(answer: readonly unknown[] | DnsFault): boolean {
  return 'kind' in answer && answer.temporary;
}

test('NAPTR, SRV, A and AAAA records come as they stand in the zone', async (context) => {
  const { dns } = await started(context);
  assert.deepEqual(await dns.naptr('example.net'), [overTcp]);
  const servers = await dns.srv('_sip._tcp.example.net');
  assert.ok(!('kind' in servers));
  assert.deepEqual(
    servers.toSorted((first, second) => first.priority - second.priority),
    [one, two],
  );
  assert.deepEqual(await dns.addresses('one.example.net'), ['2001:db8::1', '192.0.2.1', '192.0.2.2']);
  assert.deepEqual(await dns.addresses('two.example.net'), ['192.0.2.3']);
});

test('a SIP domain is located through NAPTR, SRV and addresses (RFC 3263 §4)', async (context) => {
  const { dns } = await started(context);
  const uri = parseUri('sip:bob@example.net');
  assert.ok(!(uri instanceof Malformed) && uri.kind === 'sip');
  const located = await locateServers(uri, dns, { random: nodeRandom(), families: ['IPv4'] });
  assert.ok(located.kind === 'located');
  assert.deepEqual(
    located.servers.map(({ transport, address, host }) => `${transport} ${address.host} ${address.port} ${host}`),
    [
      'TCP 192.0.2.1 5070 one.example.net',
      'TCP 192.0.2.2 5070 one.example.net',
      'TCP 2001:db8::1 5070 one.example.net',
      'TCP 192.0.2.3 5060 two.example.net',
    ],
  );
});

test('what was told is not asked again, in whatever case it is written and however many ask at once', async (context) => {
  const { dns, responder } = await started(context);
  await Promise.all(['example.net', 'EXAMPLE.net', 'example.NET'].map((name) => dns.naptr(name)));
  await dns.naptr('example.net');
  await dns.addresses('one.example.net');
  await dns.addresses('one.example.net');
  assert.deepEqual(responder.questions.toSorted(), ['A one.example.net', 'AAAA one.example.net', 'NAPTR example.net']);
});

test('a record that is true for no time is asked for again', async (context) => {
  const { dns, responder } = await started(context, { 'A now.example.net': [a('192.0.2.1', 0)] });
  await dns.addresses('now.example.net');
  responder.zone['A now.example.net'] = [a('192.0.2.2', 0)];
  assert.deepEqual(await dns.addresses('now.example.net'), ['192.0.2.2']);
});

test('no such name and no such record are empty, and remembered', async (context) => {
  const { dns, responder } = await started(context);
  for (let count = 0; count < 2; count += 1) {
    assert.deepEqual(await dns.srv('_sip._udp.void.example.net'), []);
    assert.deepEqual(await dns.naptr('one.example.net'), []);
    assert.deepEqual(await dns.addresses('void.example.net'), []);
  }
  assert.equal(responder.asked('SRV _sip._udp.void.example.net'), 1);
  assert.equal(responder.asked('NAPTR one.example.net'), 1);
  assert.equal(responder.asked('A void.example.net'), 1);
});

test('a server that fails or says nothing is a fault that may pass; it is not asked at once again', async (context) => {
  const faulty: DnsZone = { 'SRV fails.example': 'SERVFAIL', 'SRV silent.example': 'silence', 'SRV refused.example': 'REFUSED' };
  const { dns, responder } = await started(context, faulty, { limits: { tryMilliseconds: 50, tries: 2 } });
  for (const name of ['fails.example', 'silent.example', 'refused.example']) {
    assert.ok(isTemporary(await dns.srv(name)), name);
    const asked = responder.asked(`SRV ${name}`);
    assert.ok(asked >= 1 && asked <= 2, `${name} ${asked}`);
    assert.ok(isTemporary(await dns.srv(name)), name);
    assert.equal(responder.asked(`SRV ${name}`), asked);
  }
});

test('one family is enough when the question for the other is not answered', async (context) => {
  const { dns } = await started(context, { 'A half.example.net': [a('192.0.2.1')], 'AAAA half.example.net': 'SERVFAIL' });
  assert.deepEqual(await dns.addresses('half.example.net'), ['192.0.2.1']);
});

test('a name that cannot be asked for is a fault that stays', async (context) => {
  const { dns, responder } = await started(context);
  const answer = await dns.srv(`${'x'.repeat(64)}.example.net`);
  assert.ok('kind' in answer && !answer.temporary, JSON.stringify(answer));
  assert.deepEqual(responder.questions, []);
});

test('names that only the machine knows have its addresses; those without a dot are its own first', async (context) => {
  const looked: string[] = [];
  const hosts: { readonly [name: string]: readonly string[] } = {
    core: ['10.0.0.5'],
    'lab.example.net': ['10.0.0.6'],
    localhost: ['127.0.0.1'],
  };
  const lookup = (name: string) => {
    looked.push(name);
    const found = hosts[name];
    return found === undefined ? Promise.reject(new Error('ENOTFOUND')) : Promise.resolve(found);
  };
  const { dns, responder } = await started(context, zone, { lookup });
  assert.deepEqual(await dns.addresses('core'), ['10.0.0.5']);
  assert.deepEqual(responder.questions, []);
  assert.deepEqual(await dns.addresses('lab.example.net'), ['10.0.0.6']);
  assert.deepEqual(await dns.addresses('two.example.net'), ['192.0.2.3']);
  assert.deepEqual(await dns.addresses('void'), []);
  assert.deepEqual(new Set(looked), new Set(['core', 'lab.example.net', 'void']));
  assert.deepEqual(await dns.addresses('2001:db8::7'), ['2001:db8::7']);
});

test('a machine that does not tell in time knows nothing', async (context) => {
  const lookup = () => new Promise<readonly string[]>(() => undefined);
  const { dns } = await started(context, zone, { lookup, limits: { tryMilliseconds: 20, tries: 1 } });
  assert.deepEqual(await dns.addresses('void.example.net'), []);
});

test('no more names are looked up at a time than the limit says', async (context) => {
  const silent: DnsZone = { 'SRV a.example': 'silence', 'SRV b.example': 'silence' };
  const { dns, responder } = await started(context, silent, { limits: { tryMilliseconds: 50, tries: 1, pending: 1 } });
  const first = dns.srv('a.example');
  assert.deepEqual(await dns.srv('b.example'), { kind: 'fault', temporary: true, reason: 'too many names are being looked up' });
  assert.ok(isTemporary(await first));
  await dns.srv('b.example');
  assert.equal(responder.asked('SRV b.example'), 1);
});
