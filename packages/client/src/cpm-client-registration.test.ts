import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Headers, responseTo } from '@opencpm/sip';
import { answered, registered, sequences } from './testing/scripted-core.ts';
import { clientHost, coreHost, VirtualWorld } from './testing/virtual-world.ts';

describe('registration', () => {
  it('names device and services in Contact, encoded and quoted (3GPP TS 24.229 §7.2A.8.2)', async () => {
    const world = await VirtualWorld.start({ client: { instanceId: '<urn:uuid:0>' } });
    assert.deepEqual(await world.finished(world.client.register()), { kind: 'registered', expiresSeconds: 3600 });
    const [request] = world.core.requests;
    assert.equal(request?.uri, 'sip:example.net');
    const icsi = 'urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm';
    assert.equal(
      request.headers.text('Contact'),
      `<sip:alice@${clientHost}:5070>;+sip.instance="<urn:uuid:0>";+g.3gpp.icsi-ref="${icsi}.msg,${icsi}.deferred"`,
    );
    assert.equal(request.headers.text('Expires'), '3600');
    assert.equal(request.headers.text('User-Agent'), 'CPM-client/OMA2.1');
  });

  it('answers a 401 once, with SHA-256 and the next CSeq in the same Call-ID', async () => {
    const world = await VirtualWorld.start({ password: 'wonderland', client: { password: 'wonderland' } });
    assert.equal((await world.finished(world.client.register())).kind, 'registered');
    const [first, second] = world.core.requests;
    assert.equal(first?.headers.has('Authorization'), false);
    assert.match(second?.headers.text('Authorization') ?? '', /algorithm=SHA-256.*nc=00000001/);
    assert.deepEqual(sequences(world.core.requests), [1, 2]);
    assert.equal(first?.headers.text('Call-ID'), second?.headers.text('Call-ID'));
  });

  it('takes what a server keeps instead of the password, for its realm only', async () => {
    const hashes = { MD5: '0'.repeat(32), 'SHA-256': '0'.repeat(64) };
    const elsewhere = await VirtualWorld.start({ password: 'x', client: { ha1: { ...hashes, realm: 'example.org' } } });
    await elsewhere.finished(elsewhere.client.register());
    assert.equal(elsewhere.core.requests.length, 1, 'nothing goes to another realm');
    const wrong = await VirtualWorld.start({ password: 'x', client: { ha1: { ...hashes, realm: 'example.net' } } });
    await wrong.finished(wrong.client.register());
    assert.equal(wrong.core.requests.length, 2);
  });

  it('does not try a wrong password twice', async () => {
    const world = await VirtualWorld.start({ password: 'wonderland', client: { password: 'x' } });
    const outcome = await world.finished(world.client.register());
    assert.deepEqual(outcome, { kind: 'refused', status: 401, reason: 'Unauthorized' });
    assert.equal(world.core.requests.length, 2);
    await world.clock.runFor(3_600_000);
    assert.equal(world.core.requests.length, 2, 'a first registration that fails is not repeated');
  });

  it('asks for the time of Min-Expires after a 423, and keeps asking for it (RFC 3261 §10.2.8)', async () => {
    const world = await VirtualWorld.start({ client: { registrationExpiresSeconds: 60 } });
    world.core.registrar = (request) =>
      request.headers.text('Expires') === '60'
        ? responseTo(request, 423, { toTag: 'core', headers: Headers.of(['Min-Expires', '300']) })
        : registered(request);
    assert.deepEqual(await world.finished(world.client.register()), { kind: 'registered', expiresSeconds: 300 });
    await world.clock.runFor(151_000);
    assert.deepEqual(
      world.core.requests.map((request) => request.headers.text('Expires')),
      ['60', '300', '300'],
    );
  });

  it('refreshes at half of the time that was given, with a growing CSeq', async () => {
    const world = await VirtualWorld.start();
    world.core.registrar = (request) => registered(request, 600);
    await world.register();
    await world.clock.runFor(299_000);
    assert.equal(world.core.requests.length, 1);
    await world.clock.runFor(2_000);
    assert.equal(world.core.requests.length, 2);
    await world.clock.runFor(300_000);
    assert.deepEqual(sequences(world.core.requests), [1, 2, 3]);
    assert.equal(new Set(world.core.requests.map((request) => request.headers.text('Call-ID'))).size, 1);
  });

  it('finds its own binding among those of other devices', async () => {
    const world = await VirtualWorld.start();
    world.core.registrar = (request) => {
      const headers = Headers.of(
        ['Contact', '<sip:alice@10.0.0.9>;+sip.instance="<urn:uuid:9>";expires=7200'],
        ['Contact', `${request.headers.text('Contact')};expires=120`],
      );
      return responseTo(request, 200, { toTag: 'core', headers });
    };
    assert.deepEqual(await world.finished(world.client.register()), { kind: 'registered', expiresSeconds: 120 });
  });

  it('tries a refresh again with growing pauses, until the server is back', async () => {
    const world = await VirtualWorld.start({ client: { registrationExpiresSeconds: 600 } });
    await world.register();
    world.core.registrar = answered(503);
    await world.clock.runFor(330_000);
    const pauses = world.events.flatMap((event) => (event.kind === 'registration-retry' ? [event.inMilliseconds] : []));
    assert.ok(pauses.length >= 3);
    for (const [index, pause] of pauses.entries()) assert.ok(pause >= 1000 * 2 ** index && pause <= 2000 * 2 ** index, `${pauses}`);
    world.core.registrar = registered;
    await world.clock.runFor(300_000);
    assert.equal(world.states.at(-1)?.kind, 'registered');
  });

  it('gives up when the server says that it knows the user no more', async () => {
    const world = await VirtualWorld.start({ client: { registrationExpiresSeconds: 600 } });
    await world.register();
    world.core.registrar = answered(404);
    await world.clock.runFor(301_000);
    assert.deepEqual(world.states.at(-1), { kind: 'lost', reason: '404 Not Found' });
    await world.clock.runFor(3_600_000);
    assert.equal(world.core.requests.length, 2);
  });

  it('registers anew when its connection is lost, and is reached on the new one', async () => {
    const world = await VirtualWorld.start({ transport: 'TCP' });
    await world.register();
    assert.match(world.core.requests[0]?.headers.text('Contact') ?? '', new RegExp(`^<sip:alice@${clientHost}:5070;transport=tcp>`));
    const before = world.core.flow;
    world.network.resetConnections(clientHost, coreHost);
    await world.clock.runFor(5_000);
    assert.deepEqual(
      world.states.map(({ kind }) => kind),
      ['registered', 'lost', 'registered'],
    );
    assert.notEqual(world.core.flow, before);
    assert.equal(world.core.flow.closed, false);
  });

  it('keeps one connection for requests of both sides', async () => {
    const world = await VirtualWorld.start({ transport: 'TCP' });
    await world.register();
    await world.finished(world.client.send('sip:bob@example.net', 'hello'));
    const response = await world.deliver(Headers.of(), new Uint8Array(0), 'OPTIONS');
    assert.equal(response.status, 200);
    assert.equal(world.network.wireLog.entries.filter(({ event }) => event === 'accepted').length, 1);
  });

  it('de-registers with Expires 0 and stays away', async () => {
    const world = await VirtualWorld.start({ client: { registrationExpiresSeconds: 600 } });
    await world.register();
    assert.deepEqual(await world.finished(world.client.deregister()), { kind: 'registered', expiresSeconds: 0 });
    await world.clock.runFor(3_600_000);
    assert.deepEqual(
      world.core.requests.map((request) => request.headers.text('Expires')),
      ['600', '0'],
    );
    assert.deepEqual(world.states.at(-1), { kind: 'unregistered' });
  });

  it('tells when nobody answers, and leaves nothing behind once it is closed', async () => {
    const world = await VirtualWorld.start();
    world.core.registrar = () => undefined;
    assert.deepEqual(await world.finished(world.client.register()), { kind: 'unreachable', reason: 'no answer' });
    await world.client.close();
    assert.equal((await world.finished(world.client.register())).kind, 'unreachable');
    await world.clock.runFor(64_000);
    assert.equal(world.clock.pendingWakes, 0);
  });
});
