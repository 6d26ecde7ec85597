import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { SipResponse } from '@opencpm/sip';
import { answer, late, roughLink } from '@opencpm/testkit';
import { bobUri, bobsClient as client, clientOf, texts } from './clients.ts';
import { inWorld } from './in-world.ts';
import { cpmMessage, msgTag } from './phone.ts';
import { domain, serverPort } from './world.ts';

const statusOf = ({ status }: SipResponse) => status;

describe('the same message twice (architecture: promises about messages)', () => {
  inWorld(
    'a retransmission is answered from the transaction, also over a link that loses and doubles',
    { conditions: { ...roughLink, loss: 0.2, doubling: 0.2 }, seed: 3 },
    async (world) => {
      const bob = await client(world);
      const alice = await world.phone('alice');
      for (const text of ['one', 'two', 'three']) assert.ok([200, 202].includes(statusOf(await alice.message(bobUri, cpmMessage(text)))));
      await world.clock.runFor(60_000);
      assert.deepEqual(texts(bob), ['one', 'two', 'three']);
    },
  );

  inWorld('with a new Call-ID it is delivered once and gets the same answer', {}, async (world) => {
    const bob = await client(world);
    const alice = await world.phone('alice');
    const message = cpmMessage('once only');
    assert.equal((await alice.message(bobUri, message)).status, 200);
    const again = await alice.message(bobUri, message);
    assert.equal(again.status, 200);
    assert.equal(again.headers.text('Contribution-ID'), 'contribution-m-once-only');
    assert.equal(bob.received().length, 1);
  });

  inWorld('while the first is under way the second waits for its answer', {}, async (world) => {
    const bob = await client(world, () => late(4000, answer(200)));
    const alice = await world.phone('alice');
    const over = await world.run(alice.peer.connect(serverPort));
    await alice.register({ over });
    const template = alice.messageTemplate(bobUri, cpmMessage('impatient'));
    const names = [alice.peer.send(template, over), alice.peer.send(template, over)];
    await world.clock.runFor(6000);
    assert.deepEqual(
      names.map((each) => alice.answerTo(each)?.status),
      [200, 200],
    );
    assert.equal(bob.received().length, 1);
  });
});

describe('what counts as the same message', () => {
  inWorld('a refused one may come again', { policy: { undelivered: 'reject' } }, async (world) => {
    const alice = await world.phone('alice');
    const message = cpmMessage('try again');
    assert.equal((await alice.message(bobUri, message)).status, 480);
    const bob = await client(world);
    assert.equal((await alice.message(bobUri, message)).status, 200);
    assert.equal(bob.received().length, 1);
  });

  inWorld('a stored one is known also after a crash', {}, async (world) => {
    const alice = await world.phone('alice');
    const message = cpmMessage('stored once');
    assert.equal((await alice.message(bobUri, message)).status, 202);
    world.server.crash();
    await world.run(world.server.start());
    assert.equal((await alice.message(bobUri, message)).status, 202);
    const bob = await client(world);
    await world.clock.runFor(1000);
    assert.deepEqual(texts(bob), ['stored once']);
    world.server.crash();
    await world.run(world.server.start());
    assert.equal((await alice.message(bobUri, message)).status, 202);
    await world.clock.runFor(1000);
    assert.deepEqual(texts(bob), ['stored once']);
  });

  inWorld('the window ends after duplicateWindow', { policy: { duplicateWindowSeconds: 3600 } }, async (world) => {
    const bob = await client(world);
    const alice = await world.phone('alice');
    await alice.message(bobUri, cpmMessage('hourly'));
    await world.clock.runFor(3_500_000);
    await bob.register();
    await world.clock.runFor(200_000);
    await alice.message(bobUri, cpmMessage('hourly'));
    assert.equal(bob.received().length, 2);
  });

  inWorld(
    'another sender, recipient, Message-ID or Contribution-ID is another message',
    { users: ['alice', 'bob', 'carol'] },
    async (world) => {
      const bob = await client(world);
      const carol = await clientOf(world, 'carol', `;${msgTag}`);
      const alice = await world.phone('alice');
      await alice.message(bobUri, cpmMessage('x'));
      await carol.message(bobUri, cpmMessage('x'));
      await alice.message(`sip:carol@${domain}`, cpmMessage('x'));
      await alice.message(bobUri, cpmMessage('x', { messageId: 'other', contributionId: 'contribution-m-x' }));
      await alice.message(bobUri, cpmMessage('x', { contributionId: 'other' }));
      assert.deepEqual([bob.received().length, carol.received().length], [4, 1]);
    },
  );
});
