/** RFC 3263, section by section, over a zone that stands in the test. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Malformed } from '../message/malformed.ts';
import type { DnsFault, DnsResolver, NaptrRecord, SrvRecord } from '../platform.ts';
import { parseUri } from '../uri/uri.ts';
import { type Located, type LocateOptions, locateReply, locateServers } from './locate-servers.ts';

interface Zone {
  readonly [name: string]: {
    readonly naptr?: readonly NaptrRecord[] | DnsFault;
    readonly srv?: readonly SrvRecord[] | DnsFault;
    readonly addresses?: readonly string[] | DnsFault;
  };
}

const timeout: DnsFault = { kind: 'fault', temporary: true, reason: 'ETIMEOUT' };
const refused: DnsFault = { kind: 'fault', temporary: false, reason: 'EBADNAME' };
const random = { bytes: (count: number) => new Uint8Array(count) };

function naptr(order: number, preference: number, service: string, replacement: string): NaptrRecord {
  return { order, preference, flags: 's', service, regexp: '', replacement };
}

function srv(target: string, port = 5060, priority = 0, weight = 0): SrvRecord {
  return { priority, weight, port, target };
}

function resolver(zone: Zone): { readonly dns: DnsResolver; readonly questions: string[] } {
  const questions: string[] = [];
  const asked = <T>(kind: string, name: string, answer: readonly T[] | DnsFault | undefined) => {
    questions.push(`${kind} ${name}`);
    return Promise.resolve(answer ?? []);
  };
  const dns: DnsResolver = {
    naptr: (name) => asked('NAPTR', name, zone[name]?.naptr),
    srv: (name) => asked('SRV', name, zone[name]?.srv),
    addresses: (name) => asked('A', name, zone[name]?.addresses),
  };
  return { dns, questions };
}

interface Found {
  /** `UDP 192.0.2.1:5060 of host`, or what else came of it. */
  readonly found: readonly string[] | string;
  readonly questions: readonly string[];
}

async function locate(text: string, zone: Zone = {}, options: Partial<LocateOptions> = {}): Promise<Found> {
  const uri = parseUri(text);
  assert.ok(!(uri instanceof Malformed) && uri.kind === 'sip');
  const { dns, questions } = resolver(zone);
  return { found: told(await locateServers(uri, dns, { random, ...options })), questions };
}

function told(located: Located): readonly string[] | string {
  if (located.kind !== 'located') return `${located.kind}: ${located.reason}`;
  return located.servers.map(({ transport, address, host }) => `${transport} ${address.host}:${address.port} of ${host}`);
}

/** The zone of RFC 3263 §4.1, with hosts. */
const example: Zone = {
  'example.com': {
    naptr: [
      naptr(90, 50, 'SIP+D2T', '_sip._tcp.example.com'),
      naptr(50, 50, 'SIPS+D2T', '_sips._tcp.example.com'),
      naptr(100, 50, 'SIP+D2U', '_sip._udp.example.com'),
    ],
  },
  '_sip._tcp.example.com': { srv: [srv('server2.example.com', 5060, 1, 2), srv('server1.example.com', 5060, 0, 1)] },
  '_sip._udp.example.com': { srv: [srv('server1.example.com', 5070)] },
  'server1.example.com': { addresses: ['192.0.2.1'] },
  'server2.example.com': { addresses: ['192.0.2.2'] },
};

describe('the transport of a request (RFC 3263 §4.1)', () => {
  it('is the one that the URI names, without a question about it', async () => {
    const { found, questions } = await locate('sip:example.com;transport=tcp', example);
    assert.deepEqual(found, ['TCP 192.0.2.1:5060 of server1.example.com', 'TCP 192.0.2.2:5060 of server2.example.com']);
    assert.deepEqual(questions, ['SRV _sip._tcp.example.com', 'A server1.example.com', 'A server2.example.com']);
    assert.deepEqual((await locate('sip:192.0.2.9;transport=TCP')).found, ['TCP 192.0.2.9:5060 of 192.0.2.9']);
  });

  it('is UDP for a numeric host, and for a name with a port', async () => {
    assert.deepEqual(await locate('sip:192.0.2.9'), { found: ['UDP 192.0.2.9:5060 of 192.0.2.9'], questions: [] });
    assert.deepEqual(await locate('sip:[2001:db8::9]:5080'), { found: ['UDP 2001:db8::9:5080 of 2001:db8::9'], questions: [] });
    const { found, questions } = await locate('sip:server1.example.com:5080', example);
    assert.deepEqual(found, ['UDP 192.0.2.1:5080 of server1.example.com']);
    assert.deepEqual(questions, ['A server1.example.com']);
  });

  it('is that of the NAPTR record of lowest order that can be served', async () => {
    const { found, questions } = await locate('sip:user@example.com', example);
    assert.deepEqual(found, ['TCP 192.0.2.1:5060 of server1.example.com', 'TCP 192.0.2.2:5060 of server2.example.com']);
    assert.deepEqual(questions.slice(0, 2), ['NAPTR example.com', 'SRV _sip._tcp.example.com']);
    const overUdp = await locate('sip:user@example.com', example, { transports: ['UDP'] });
    assert.deepEqual(overUdp.found, ['UDP 192.0.2.1:5070 of server1.example.com']);
  });

  it('goes by preference within one order, and never on to a higher order', async () => {
    const records = [
      naptr(10, 20, 'SIP+D2U', '_sip._udp.example.com'),
      naptr(10, 10, 'sip+d2t', '_sip._tcp.example.com'),
      naptr(20, 1, 'SIP+D2T', '_sip._other.example.com'),
    ];
    const zone = { ...example, 'example.com': { naptr: records }, '_sip._other.example.com': { srv: [srv('192.0.2.77')] } };
    assert.deepEqual((await locate('sip:example.com', zone)).found, [
      'TCP 192.0.2.1:5060 of server1.example.com',
      'TCP 192.0.2.2:5060 of server2.example.com',
      'UDP 192.0.2.1:5070 of server1.example.com',
    ]);
  });

  it('takes nothing from records that are not for SIP: other services, other flags, a regexp, no replacement', async () => {
    const useless = [
      { ...naptr(1, 1, 'E2U+sip', 'x.example.com'), flags: 'u' },
      naptr(1, 1, 'SIP+D2S', '_sip._sctp.example.com'),
      { ...naptr(1, 1, 'SIP+D2U', 'elsewhere.example.com'), flags: 'a' },
      { ...naptr(1, 1, 'SIP+D2U', ''), regexp: '!^.*$!x!' },
      naptr(1, 1, 'SIP+D2U', '.'),
    ];
    const { found, questions } = await locate('sip:example.com', { ...example, 'example.com': { naptr: useless } });
    assert.deepEqual(found, [
      'UDP 192.0.2.1:5070 of server1.example.com',
      'TCP 192.0.2.1:5060 of server1.example.com',
      'TCP 192.0.2.2:5060 of server2.example.com',
    ]);
    assert.deepEqual(questions.slice(1, 3), ['SRV _sip._udp.example.com', 'SRV _sip._tcp.example.com']);
  });

  it('is found by SRV records where there is no NAPTR record, in the order liked here', async () => {
    const { found } = await locate('sip:example.com', { ...example, 'example.com': {} }, { transports: ['TCP', 'UDP'] });
    assert.deepEqual(found, [
      'TCP 192.0.2.1:5060 of server1.example.com',
      'TCP 192.0.2.2:5060 of server2.example.com',
      'UDP 192.0.2.1:5070 of server1.example.com',
    ]);
  });

  it('that is not spoken here is said so: sips and its TLS, SCTP, WebSocket', async () => {
    assert.deepEqual(await locate('sips:example.com', example), { found: 'unsupported: a sips URI needs TLS', questions: [] });
    for (const transport of ['tls', 'sctp', 'ws'])
      assert.equal(
        (await locate(`sip:example.com;transport=${transport}`)).found,
        `unsupported: the transport ${transport} is not spoken here`,
      );
    const overTcp = await locate('sip:192.0.2.1;transport=udp', {}, { transports: ['TCP'] });
    assert.equal(overTcp.found, 'unsupported: the transport udp is not spoken here');
  });
});

describe('port and address of a request (RFC 3263 §4.2)', () => {
  it('are the host’s own at port 5060 when there is neither NAPTR nor SRV', async () => {
    const { found, questions } = await locate('sip:plain.example.com', { 'plain.example.com': { addresses: ['192.0.2.3', '192.0.2.4'] } });
    assert.deepEqual(found, ['UDP 192.0.2.3:5060 of plain.example.com', 'UDP 192.0.2.4:5060 of plain.example.com']);
    assert.deepEqual(questions, [
      'NAPTR plain.example.com',
      'SRV _sip._udp.plain.example.com',
      'SRV _sip._tcp.plain.example.com',
      'A plain.example.com',
    ]);
    const overTcp = await locate('sip:plain.example.com;transport=tcp', { 'plain.example.com': { addresses: ['192.0.2.3'] } });
    assert.deepEqual(overTcp.found, ['TCP 192.0.2.3:5060 of plain.example.com']);
  });

  it('are also those of the domain when the name that NAPTR gave has no SRV record', async () => {
    const zone = { 'example.com': { naptr: [naptr(1, 1, 'SIP+D2T', '_sip._tcp.void.example')], addresses: ['192.0.2.3'] } };
    assert.deepEqual((await locate('sip:example.com', zone)).found, ['UDP 192.0.2.3:5060 of example.com']);
  });

  it('take addresses of both families by turns, those without a listener last', async () => {
    const zone = { 'both.example': { addresses: ['2001:db8::1', '2001:db8::2', '192.0.2.1', '192.0.2.2', '192.0.2.1'] } };
    const hosts = async (families?: LocateOptions['families']) => {
      const { found } = await locate('sip:both.example:5060', zone, families === undefined ? {} : { families });
      return Array.isArray(found) ? found.map((text) => text.split(' ')[1]?.replace(':5060', '')) : found;
    };
    assert.deepEqual(await hosts(), ['192.0.2.1', '2001:db8::1', '192.0.2.2', '2001:db8::2']);
    assert.deepEqual(await hosts(['IPv6', 'IPv4']), ['2001:db8::1', '192.0.2.1', '2001:db8::2', '192.0.2.2']);
    assert.deepEqual(await hosts(['IPv4']), ['192.0.2.1', '192.0.2.2', '2001:db8::1', '2001:db8::2']);
  });

  it('ignore maddr unless it was asked for', async () => {
    assert.deepEqual((await locate('sip:192.0.2.1;maddr=192.0.2.66')).found, ['UDP 192.0.2.1:5060 of 192.0.2.1']);
    assert.deepEqual((await locate('sip:192.0.2.1;maddr=[2001:db8::66]', {}, { followsMaddr: true })).found, [
      'UDP 2001:db8::66:5060 of 2001:db8::66',
    ]);
  });
});

describe('where there is nobody', () => {
  it('a name without address is nowhere, and a service that its domain declines is so too (RFC 2782, target ".")', async () => {
    assert.equal((await locate('sip:void.example')).found, 'nowhere: void.example has no address');
    const declined = { '_sip._udp.no.example': { srv: [srv('.', 0)] }, 'no.example': { addresses: ['192.0.2.80'] } };
    assert.equal((await locate('sip:no.example', declined)).found, 'nowhere: no.example offers no SIP');
  });

  it('a fault of the resolver is one only when nothing else leads anywhere; a passing one counts more than a lasting one', async () => {
    assert.equal((await locate('sip:example.com', { 'example.com': { naptr: timeout, addresses: ['192.0.2.3'] } })).found.length, 1);
    const faulty = { 'example.com': { naptr: timeout }, '_sip._udp.example.com': { srv: refused } };
    assert.equal((await locate('sip:example.com', faulty)).found, 'fault: ETIMEOUT');
    const noService = { '_sip._tcp.example.com': { srv: timeout }, 'example.com': { addresses: ['192.0.2.80'] } };
    assert.equal((await locate('sip:example.com;transport=tcp', noService)).found, 'fault: ETIMEOUT', 'its web server is no way out');
    const oneDead = { ...example, 'server1.example.com': { addresses: timeout } };
    assert.deepEqual((await locate('sip:example.com', oneDead)).found, ['TCP 192.0.2.2:5060 of server2.example.com']);
  });
});

it('asks a bounded number of questions, whatever the zone holds', async () => {
  const name = (index: number) => `_sip._udp.n${index}.example`;
  const zone: Record<string, Zone[string]> = {
    'example.com': { naptr: Array.from({ length: 500 }, (_, index) => naptr(1, index, 'SIP+D2U', name(index))) },
  };
  for (let index = 0; index < 500; index += 1) {
    zone[name(index)] = { srv: Array.from({ length: 500 }, (_, host) => srv(`h${host}.n${index}.example`)) };
    for (let host = 0; host < 500; host += 1)
      zone[`h${host}.n${index}.example`] = { addresses: Array.from({ length: 50 }, (_, last) => `192.0.2.${last}`) };
  }
  const { found, questions } = await locate('sip:example.com', zone);
  assert.equal(found.length, 32);
  assert.equal(questions.length, 1 + 4 + 4 * 16);
  const loop = { 'loop.example': { naptr: [naptr(1, 1, 'SIP+D2U', 'loop.example')], srv: [srv('loop.example')] } };
  assert.deepEqual((await locate('sip:loop.example', loop)).questions, ['NAPTR loop.example', 'SRV loop.example', 'A loop.example']);
});

describe('where a response goes when its connection is gone (RFC 3263 §5)', () => {
  const reply = async (via: Parameters<typeof locateReply>[0], zone: Zone = {}) => {
    const { dns, questions } = resolver(zone);
    return { found: told(await locateReply(via, dns, { random })), questions };
  };

  it('to a numeric sent-by, at its port or 5060', async () => {
    assert.deepEqual(await reply({ transport: 'TCP', host: '192.0.2.9', port: 5080 }), {
      found: ['TCP 192.0.2.9:5080 of 192.0.2.9'],
      questions: [],
    });
    assert.deepEqual((await reply({ transport: 'udp', host: '192.0.2.9' })).found, ['UDP 192.0.2.9:5060 of 192.0.2.9']);
  });

  it('to the addresses of a name with a port, and by SRV of the Via’s transport without one, never by NAPTR', async () => {
    const { questions } = await reply({ transport: 'TCP', host: 'server1.example.com', port: 5080 }, example);
    assert.deepEqual(questions, ['A server1.example.com']);
    const byService = await reply({ transport: 'UDP', host: 'example.com' }, example);
    assert.deepEqual(byService.found, ['UDP 192.0.2.1:5070 of server1.example.com']);
    assert.deepEqual(byService.questions, ['SRV _sip._udp.example.com', 'A server1.example.com']);
  });

  it('nowhere over a transport that is not spoken here', async () => {
    assert.match(String((await reply({ transport: 'TLS', host: 'example.com' })).found), /^unsupported/);
  });
});
