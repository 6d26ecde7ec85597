/** Connections and streams on a virtual network. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { incoming, lineOf, outgoing, peer, settle, statusLine, world } from '../node/test-support/endpoint-world.ts';

describe('connections', () => {
  it('are shared by the requests to one address, and say where a new one would be taken', async () => {
    const { endpoint, network } = await world();
    await endpoint.listen('TCP', { host: '192.0.2.1', port: 5060 }, { host: '203.0.113.1', port: 5080 });
    network.connectResults.push('accept');
    for (let count = 0; count < 2; count += 1) void endpoint.request(outgoing(), { transport: 'TCP', address: peer });
    await settle();
    void endpoint.request(outgoing(), { transport: 'TCP', address: peer });
    const sent = network.take();
    assert.equal(network.connects.length, 1);
    assert.equal(new Set(sent.map(({ flow }) => flow)).size, 1);
    assert.equal(sent.length, 3);
    assert.match(lineOf(sent[0]?.text, 'Via') ?? '', /^SIP\/2\.0\/TCP 203\.0\.113\.1:5080;/);
  });

  it('fail what waits on them when they close, and are found by id until then', async () => {
    const { endpoint, network, flow: datagrams } = await world();
    const flow = network.connection(peer);
    assert.equal(endpoint.flow(flow.id), flow);
    const outcome = endpoint.request(outgoing(), { flow });
    flow.close();
    assert.deepEqual(await outcome, { kind: 'transport-failure', reason: 'closed here' });
    assert.equal(endpoint.flow(flow.id), undefined);
    assert.equal(endpoint.flow(datagrams.id), undefined);
    endpoint.learnFlow(datagrams);
    assert.equal(endpoint.flow(datagrams.id), datagrams);
  });

  it('opened here are pinged, and closed when nothing comes back (RFC 5626 §4.4.1)', async () => {
    const { endpoint, network, clock } = await world({ limits: { pingMilliseconds: 30_000 } });
    network.connectResults.push('accept');
    void endpoint.request(outgoing(), { transport: 'TCP', address: peer });
    await settle();
    const flow = network.take()[0]?.flow;
    assert.ok(flow);
    clock.advance(30_000);
    assert.deepEqual(network.take(), [{ text: '\r\n\r\n', flow }]);
    network.deliver('\r\n', flow);
    clock.advance(30_000);
    assert.equal(flow.closed, false);
    assert.equal(network.take().length, 1);
    clock.advance(10_020);
    assert.equal(flow.closed, true);
    assert.equal(endpoint.load.connections, 0);
  });
});

describe('a stream', () => {
  it('may be split anywhere', async () => {
    const text = `\r\n${incoming({ via: 'SIP/2.0/TCP a.example;branch=z9hG4bKone' })}\r\n\r\n\r\n${incoming({ via: 'SIP/2.0/TCP a.example;branch=z9hG4bKtwo' })}`;
    for (let split = 1; split < text.length; split += 1) {
      const { network, requests } = await world();
      const flow = network.connection(peer);
      network.deliver(text.slice(0, split), flow);
      network.deliver(text.slice(split), flow);
      assert.equal(requests.length, 2);
      assert.deepEqual(network.take(), [{ text: '\r\n', flow }], 'CRLFCRLF is answered with CRLF');
    }
  });

  it('ends with an answer when it cannot go on', async () => {
    const broken: readonly (readonly [string, string | undefined])[] = [
      [incoming().replace('Content-Length: 0', 'Content-Length: 2000000'), 'SIP/2.0 413 Request Entity Too Large'],
      [incoming().replace('Content-Length: 0\r\n', ''), 'SIP/2.0 400 no Content-Length on a stream'],
      ['@@@@ no SIP at all\r\n\r\n', undefined],
      [`MESSAGE sip:a@b SIP/2.0\r\nX: ${'x'.repeat(70_000)}`, undefined],
    ];
    for (const [text, status] of broken) {
      const { network, requests } = await world();
      const flow = network.connection(peer);
      network.deliver(text, flow);
      assert.equal(statusLine(network.take()[0]?.text), status);
      assert.equal(flow.closed, true);
      assert.deepEqual(requests, []);
    }
  });
});
