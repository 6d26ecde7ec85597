/** The endpoint over real sockets on loopback. */
import assert from 'node:assert/strict';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { ClientOutcome, EndpointEvents } from '../endpoint/options.ts';
import type { Endpoint } from '../endpoint.ts';
import { Headers } from '../message/headers.ts';
import { responseTo, type SipRequest } from '../message/message.ts';
import { textToOctets } from '../message/octets.ts';
import type { HostPort } from '../platform.ts';
import { createNodeEndpoint } from './create-node-endpoint.ts';
import type { NetworkLimits } from './limits.ts';

const loopback = { host: '127.0.0.1', port: 0 };
const hasIpv6 = Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === '::1'));

function message(body: string): SipRequest {
  const headers = Headers.of(
    ['Max-Forwards', '70'],
    ['From', '<sip:alice@example.net>;tag=1'],
    ['To', '<sip:bob@example.net>'],
    ['Call-ID', `${Math.random()}`],
    ['CSeq', '1 MESSAGE'],
    ['Content-Type', 'text/plain'],
  );
  return { kind: 'request', method: 'MESSAGE', uri: 'sip:bob@example.net', headers, body: new TextEncoder().encode(body) };
}

function wire(transport: string, branch: string, changes: { readonly length?: number; readonly body?: string } = {}): string {
  const { body = 'hello', length = body.length } = changes;
  return `MESSAGE sip:bob@example.net SIP/2.0\r\nVia: SIP/2.0/${transport} 127.0.0.1:9;branch=z9hG4bK${branch};rport\r\nFrom: <sip:alice@example.net>;tag=1\r\nTo: <sip:bob@example.net>\r\nCall-ID: ${branch}\r\nCSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\nContent-Length: ${length}\r\n\r\n${body}`;
}

/** An endpoint that answers each MESSAGE with its own body. */
async function echo(
  on: EndpointEvents = {},
): Promise<{ readonly endpoint: Endpoint; readonly udp: HostPort; readonly tcp: HostPort; count: number }> {
  const endpoint = createNodeEndpoint({ on, parseLimits: { maximumBodyOctets: 50_000 } });
  const server = { endpoint, udp: loopback, tcp: loopback, count: 0 };
  endpoint.onRequest = (transaction) => {
    server.count += 1;
    const { request } = transaction;
    transaction.respond(
      responseTo(request, 200, { toTag: 'echo', headers: Headers.of(['Content-Type', 'text/plain']), body: request.body }),
    );
  };
  return Object.assign(server, await listenOnOnePort(endpoint));
}

/** UDP and TCP on the same port, as a client expects that turns from one to the other. A port that TCP has in use is passed over. */
async function listenOnOnePort(endpoint: Endpoint): Promise<{ readonly udp: HostPort; readonly tcp: HostPort }> {
  for (;;) {
    const udp = await endpoint.listen('UDP', loopback);
    try {
      const tcp = await endpoint.listen('TCP', udp.address);
      return { udp: udp.address, tcp: tcp.address };
    } catch {
      await udp.close();
    }
  }
}

function bodyOf(outcome: ClientOutcome): string {
  assert.equal(outcome.kind, 'response');
  return outcome.kind === 'response' ? new TextDecoder().decode(outcome.response.body) : '';
}

/** A raw UDP peer: sends texts, gives the datagrams that come back one by one. */
async function rawUdp(): Promise<{ readonly socket: UdpSocket; exchange(text: string, to: HostPort): Promise<string> }> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    socket,
    async exchange(text, to) {
      socket.send(Buffer.from(text, 'latin1'), to.port, to.host);
      const [octets] = await once(socket, 'message');
      return Buffer.from(octets).toString('latin1');
    },
  };
}

/** Reads from a connection until the text satisfies. */
async function read(socket: Socket, enough: (text: string) => boolean): Promise<string> {
  let text = '';
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += Buffer.from(chunk).toString('latin1');
    if (enough(text)) break;
  }
  return text;
}

async function rawTcp({ host, port }: HostPort): Promise<Socket> {
  const socket = connect({ host, port, noDelay: true });
  await once(socket, 'connect');
  return socket;
}

describe('the endpoint over sockets', () => {
  let server: Awaited<ReturnType<typeof echo>>;
  let client: Endpoint;

  before(async () => {
    server = await echo();
    client = createNodeEndpoint();
    await client.listen('UDP', loopback);
  });

  after(async () => {
    await client.close();
    await server.endpoint.close();
  });

  it('echoes a MESSAGE over UDP and over TCP', async () => {
    for (const transport of ['UDP', 'TCP'] as const) {
      const address = transport === 'UDP' ? server.udp : server.tcp;
      assert.equal(bodyOf(await client.request(message(`grüße ${transport}`), { transport, address })), `grüße ${transport}`);
    }
  });

  it('keeps many requests at once apart', async () => {
    const texts = Array.from({ length: 200 }, (_, index) => `message ${index}`);
    const outcomes = await Promise.all(texts.map((text) => client.request(message(text), { transport: 'UDP', address: server.udp })));
    assert.deepEqual(outcomes.map(bodyOf), texts);
  });

  it('takes a long request over TCP, and over UDP when nobody listens there', async () => {
    const text = 'x'.repeat(3_000);
    const connectionsBefore = server.endpoint.load.connections;
    assert.equal(bodyOf(await client.request(message(text), { transport: 'UDP', address: server.udp })), text);
    assert.ok(server.endpoint.load.connections >= Math.max(1, connectionsBefore));
    const longDatagrams: number[] = [];
    const [datagramsOnly, sender] = [
      createNodeEndpoint(),
      createNodeEndpoint({ on: { longDatagram: (octets) => longDatagrams.push(octets) } }),
    ];
    datagramsOnly.onRequest = (transaction) => transaction.respond(responseTo(transaction.request, 202, { toTag: '1' }));
    const { address } = await datagramsOnly.listen('UDP', loopback);
    await sender.listen('UDP', loopback);
    const outcome = await sender.request(message(text), { transport: 'UDP', address });
    assert.ok(outcome.kind === 'response' && outcome.response.status === 202);
    assert.equal(longDatagrams.length, 1);
    await Promise.all([datagramsOnly.close(), sender.close()]);
  });

  it('answers a retransmission with the same octets and asks nobody', async () => {
    const peer = await rawUdp();
    const countBefore = server.count;
    const first = await peer.exchange(wire('UDP', 'again'), server.udp);
    assert.match(first, /^SIP\/2\.0 200 OK\r\nVia: .*;received=127\.0\.0\.1;rport=\d+\r\n/);
    assert.equal(await peer.exchange(wire('UDP', 'again'), server.udp), first);
    assert.equal(server.count, countBefore + 1);
    peer.socket.close();
  });

  it('answers 400, 413 and 505, drops garbage, and lives', async () => {
    const peer = await rawUdp();
    peer.socket.send('\0\x01garbage\r\n\r\n', server.udp.port, server.udp.host);
    peer.socket.send('\r\n\r\n', server.udp.port, server.udp.host);
    assert.match(await peer.exchange(wire('UDP', 'a').replace('CSeq: 1 MESSAGE', 'CSeq: 1 INFO'), server.udp), /^SIP\/2\.0 400 /);
    assert.match(await peer.exchange(wire('UDP', 'b', { body: 'x'.repeat(60_000) }), server.udp), /^SIP\/2\.0 413 /);
    assert.match(await peer.exchange(wire('UDP', 'c').replace('SIP/2.0\r\nVia', 'SIP/7.0\r\nVia'), server.udp), /^SIP\/2\.0 505 /);
    assert.match(await peer.exchange(wire('UDP', 'd'), server.udp), /^SIP\/2\.0 200 /);
    peer.socket.close();
  });

  it('frames a stream that comes octet by octet, two requests and a keep-alive in it', async () => {
    const socket = await rawTcp(server.tcp);
    for (const character of `${wire('TCP', 'slow-one')}\r\n\r\n${wire('TCP', 'slow-two')}`) socket.write(Buffer.from(character, 'latin1'));
    const text = await read(socket, (all) => all.split('hello').length === 3);
    assert.match(text, /^SIP\/2\.0 200 OK\r\n[\s\S]*Call-ID: slow-one\r\n[\s\S]*hello\r\nSIP\/2\.0 200 OK\r\n[\s\S]*Call-ID: slow-two\r\n/);
    socket.destroy();
  });

  it('answers what it can of a broken stream and closes it', async () => {
    const socket = await rawTcp(server.tcp);
    socket.write(wire('TCP', 'huge', { length: 999_999 }));
    assert.match(await read(socket, () => false), /^SIP\/2\.0 413 /);
    const other = await rawTcp(server.tcp);
    other.write('what is this\r\n\r\n');
    await once(other.resume(), 'close');
  });

  it('tells of a refused connection', async () => {
    const unused = createServer().listen(0, '127.0.0.1');
    await once(unused, 'listening');
    const address = unused.address();
    assert.ok(typeof address === 'object' && address !== null);
    unused.close();
    await once(unused, 'close');
    const outcome = await client.request(message('x'), { transport: 'TCP', address: { host: '127.0.0.1', port: address.port } });
    assert.deepEqual(outcome, { kind: 'transport-failure', reason: 'ECONNREFUSED' });
  });

  it('fails what waits on a connection that the peer closes', async () => {
    const quiet = createServer((socket) => socket.once('data', () => socket.destroy())).listen(0, '127.0.0.1');
    await once(quiet, 'listening');
    const address = quiet.address();
    assert.ok(typeof address === 'object' && address !== null);
    const outcome = await client.request(message('x'), { transport: 'TCP', address: { host: '127.0.0.1', port: address.port } });
    assert.equal(outcome.kind, 'transport-failure');
    quiet.close();
  });

  it('names address and cause when it cannot listen', async () => {
    await assert.rejects(client.listen('UDP', server.udp), /cannot listen on UDP 127\.0\.0\.1 port \d+: .*EADDRINUSE/);
    await assert.rejects(client.listen('TCP', server.tcp), /cannot listen on TCP 127\.0\.0\.1 port \d+: .*EADDRINUSE/);
  });

  it('does all of it over IPv6', { skip: !hasIpv6 && 'no IPv6 on this machine' }, async () => {
    const [six, sender] = [createNodeEndpoint(), createNodeEndpoint()];
    six.onRequest = (transaction) =>
      transaction.respond(responseTo(transaction.request, 200, { toTag: '1', body: transaction.request.body }));
    const udp = await six.listen('UDP', { host: '::1', port: 0 });
    const tcp = await six.listen('TCP', { host: '::1', port: 0 });
    await sender.listen('UDP', loopback);
    await sender.listen('UDP', { host: '::1', port: 0 });
    for (const { transport, address } of [udp, tcp]) {
      const outcome = await sender.request(message('six'), { transport, address });
      assert.equal(bodyOf(outcome), 'six');
      const via = outcome.kind === 'response' ? outcome.response.headers.text('Via') : '';
      assert.match(via ?? '', /^SIP\/2\.0\/(UDP|TCP) \[::1\]:\d+;branch=z9hG4bK\w+;received=::1;rport=\d+$/);
    }
    await Promise.all([six.close(), sender.close()]);
  });

  it('keeps a body of any octets', async () => {
    const body = Uint8Array.from({ length: 256 }, (_, octet) => octet);
    const outcome = await client.request({ ...message(''), body }, { transport: 'UDP', address: server.udp });
    assert.ok(outcome.kind === 'response');
    assert.deepEqual([...outcome.response.body], [...body]);
    const subject = message('x');
    const named = { ...subject, headers: subject.headers.append('Subject', textToOctets('Grüße 👋')) };
    assert.equal((await client.request(named, { transport: 'TCP', address: server.tcp })).kind, 'response');
  });
});

describe('the limits of the Node network', () => {
  it('a connection beyond the limit is closed at once', async (t) => {
    const endpoint = createNodeEndpoint({ networkLimits: { connections: 1 } });
    t.after(() => endpoint.close());
    const { address } = await endpoint.listen('TCP', loopback);
    const first = await rawTcp(address);
    first.write('\r\n\r\n');
    assert.equal(await read(first, () => true), '\r\n');
    const second = await rawTcp(address);
    await once(second.resume(), 'close');
    const outcome = await endpoint.request(message('x'), { transport: 'TCP', address: { host: '127.0.0.1', port: 9 } });
    assert.deepEqual(outcome, { kind: 'transport-failure', reason: 'limit of connections reached' });
    first.destroy();
  });

  /** An endpoint with small limits that answers with 900,000 octets, and why its next connection closes. */
  async function small(
    t: TestContext,
    networkLimits: Partial<NetworkLimits>,
  ): Promise<{ readonly address: HostPort; readonly closed: Promise<string> }> {
    const { promise: closed, resolve } = Promise.withResolvers<string>();
    const endpoint = createNodeEndpoint({ networkLimits, on: { flowClosed: (_flow, reason) => resolve(reason) } });
    t.after(() => endpoint.close());
    endpoint.onRequest = (transaction) =>
      transaction.respond(responseTo(transaction.request, 200, { toTag: '1', body: new Uint8Array(900_000) }));
    const { address } = await endpoint.listen('TCP', loopback);
    return { address, closed };
  }

  it('a connection that says nothing is closed', async (t) => {
    const { address, closed } = await small(t, { silentMilliseconds: 50 });
    const silent = await rawTcp(address);
    assert.equal(await closed, 'idle');
    silent.destroy();
  });

  it('a connection that does not read its answers is closed', async (t) => {
    const { address, closed } = await small(t, { queuedOctets: 1_000 });
    const greedy = await rawTcp(address);
    greedy.on('error', () => greedy.destroy());
    for (let count = 0; count < 40; count += 1) greedy.write(wire('TCP', `greedy-${count}`));
    assert.equal(await closed, 'more than 1000 octets wait to be sent');
    greedy.destroy();
  });
});
