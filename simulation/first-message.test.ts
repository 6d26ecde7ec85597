import assert from 'node:assert/strict';
import { it } from 'node:test';
import { World } from './world.ts';

/**
 * The whole server with two clients: a message to somebody who is there, one to somebody who is not, a crash between
 * its acceptance and his coming. Gives everything that was on the wire.
 */
async function firstMessages(seed: number): Promise<string> {
  const world = new World({ seed });
  try {
    await world.run(world.server.start());
    const alice = world.client('alice');
    const bob = world.client('bob');
    assert.equal((await world.run(alice.client.register())).kind, 'registered');
    assert.equal((await world.run(bob.client.register())).kind, 'registered');

    const relayed = await world.run(alice.client.send('sip:bob@cpm.test', 'hello'));
    assert.equal(relayed.kind === 'accepted' && relayed.status, 200);
    assert.deepEqual(
      bob.messages.map(({ text }) => text),
      ['hello'],
    );
    await world.run(bob.client.notifyDisplayed(first(bob.messages)));
    await world.clock.runFor(1000);
    assert.deepEqual(
      alice.dispositions.map(({ notification }) => notification.status),
      ['delivered', 'displayed'],
    );

    assert.deepEqual(await world.run(bob.client.deregister()), { kind: 'registered', expiresSeconds: 0 });
    await world.run(bob.client.close());
    const deferred = await world.run(alice.client.send('sip:bob@cpm.test', 'for later'));
    assert.equal(deferred.kind === 'accepted' && deferred.status, 202);
    world.server.crash();
    await world.clock.runFor(5000);
    await world.run(world.server.start());

    const returned = world.client('bob', { instanceId: '<urn:uuid:00000000-0000-4000-8000-000000000001>' });
    assert.equal((await world.run(returned.client.register())).kind, 'registered');
    await world.clock.runFor(60_000);
    assert.deepEqual(
      returned.messages.map(({ text, deferred: wasDeferred }) => ({ text, wasDeferred })),
      [{ text: 'for later', wasDeferred: true }],
    );
    assert.deepEqual(
      alice.dispositions.map(({ notification }) => notification.status),
      ['delivered', 'displayed', 'delivered'],
    );
    assert.equal((await world.server.server.administration.status()).deferredMessages, 0);
    await world.run(Promise.all([alice.client.close(), returned.client.close()]));
    await world.run(world.server.stop());
    return world.network.wireLog.toText();
  } finally {
    world.end();
  }
}

function first<T>(list: readonly T[]): T {
  const [item] = list;
  assert.ok(item !== undefined);
  return item;
}

it('the whole server with two clients and a crash, run twice from one seed, says the same on the wire', async () => {
  const once = await firstMessages(1);
  assert.equal(await firstMessages(1), once);
  assert.notEqual(await firstMessages(2), once);
});
