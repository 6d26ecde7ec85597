/** The client over real sockets on loopback, against a registrar and proxy made of an endpoint. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it, type TestContext } from 'node:test';
import { DigestServer } from '@opencpm/sip';
import { createNodeEndpoint, nodeClock, nodeHashes, nodeRandom } from '@opencpm/sip/node';
import { CpmClient } from '../cpm-client.ts';
import type { ClientOptions } from '../options.ts';
import type { ClientHandlers, ReceivedDisposition, ReceivedMessage } from '../receiving/received.ts';
import { deliveredHeaders, ScriptedCore, wrapped } from '../testing/scripted-core.ts';
import { localHost, nodeClientPlatform } from './index.ts';

const loopback = { host: '127.0.0.1', port: 0 };

async function digestCore(test: TestContext, transport: 'UDP' | 'TCP'): Promise<ScriptedCore> {
  const endpoint = createNodeEndpoint();
  test.after(() => endpoint.close());
  const hashes = nodeHashes();
  const server = new DigestServer({ realm: 'example.net', random: nodeRandom(), hashes, clock: nodeClock() });
  return ScriptedCore.start({ endpoint, transport, address: loopback, digest: { server, hashes, password: 'wonderland' } });
}

function clientOf(
  test: TestContext,
  core: ScriptedCore,
  options: Pick<ClientOptions['server'], 'transport'>,
  handlers: ClientHandlers,
): CpmClient {
  const server = { ...options, ...core.address };
  const settings = { identity: 'sip:alice@example.net', password: 'wonderland', server };
  const client = new CpmClient(nodeClientPlatform(), settings, handlers);
  test.after(() => client.close());
  return client;
}

describe('the client over real sockets', () => {
  for (const transport of ['UDP', 'TCP'] as const) {
    it(`registers, sends, receives and notifies over ${transport} with digest (A-7.2.1.1-01, A-7.2.2.1-02, A-7.2.2.3-03)`, async (test) => {
      const core = await digestCore(test, transport);
      const shown: ReceivedMessage[] = [];
      const client = clientOf(test, core, { transport }, { message: (message) => void shown.push(message) });
      assert.deepEqual(await client.register(), { kind: 'registered', expiresSeconds: 3600 });
      assert.equal((await client.send('sip:bob@example.net', 'one')).kind, 'accepted');
      assert.equal((await client.send('sip:bob@example.net', 'two')).kind, 'accepted');
      assert.equal(core.of('MESSAGE').length, 3, 'only the first message is challenged');

      const body = wrapped('hello', { messageId: 'm1', notifications: ['positive-delivery', 'display'] });
      const outcome = await core.send(deliveredHeaders, body);
      assert.equal(outcome.kind === 'response' && outcome.response.status, 200);
      const [message] = shown;
      assert.ok(message);
      assert.equal(message.text, 'hello');
      assert.equal((await client.notifyDisplayed(message)).kind, 'accepted');
      const bodies = core.of('MESSAGE').map((request) => new TextDecoder().decode(request.body));
      assert.equal(bodies.filter((text) => text.includes('<delivered/>')).length, 1);
      assert.equal(bodies.filter((text) => text.includes('<displayed/>')).length, 1);
      assert.deepEqual(await client.deregister(), { kind: 'registered', expiresSeconds: 0 });
    });
  }

  it('hears what became of a message', async (test) => {
    const core = await digestCore(test, 'UDP');
    const heard: ReceivedDisposition[] = [];
    const handlers = { message: () => undefined, disposition: (disposition: ReceivedDisposition) => void heard.push(disposition) };
    const client = clientOf(test, core, { transport: 'UDP' }, handlers);
    await client.register();
    const imdn =
      '<imdn xmlns="urn:ietf:params:xml:ns:imdn"><message-id>m1</message-id><datetime>2024-05-01T12:00:00Z</datetime><delivery-notification><status><delivered/></status></delivery-notification></imdn>';
    await core.send(deliveredHeaders, wrapped(imdn, { type: 'message/imdn+xml', disposition: 'notification' }));
    assert.deepEqual(heard, [{ messageId: 'm1', from: 'sip:bob@example.net', notification: { kind: 'delivery', status: 'delivered' } }]);
  });

  it('tells that nobody listens there, without waiting', async (test) => {
    const core = await digestCore(test, 'TCP');
    const client = clientOf(test, core, { transport: 'TCP' }, { message: () => undefined });
    const gone = new CpmClient(
      nodeClientPlatform(),
      { identity: 'sip:alice@example.net', server: { transport: 'TCP', host: '127.0.0.1', port: await freePort() } },
      { message: () => undefined },
    );
    test.after(() => gone.close());
    assert.equal((await gone.register()).kind, 'unreachable');
    await client.close();
    assert.deepEqual(await client.send('sip:bob@example.net', 'x'), { kind: 'unreachable', reason: 'the client is closed' });
  });

  it('knows the address from which a host is reached', async () => {
    assert.equal(await localHost('127.0.0.1'), '127.0.0.1');
  });
});

/** A port on which nobody listens any more. */
async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  server.close();
  assert.ok(bound !== null && typeof bound === 'object');
  return bound.port;
}
