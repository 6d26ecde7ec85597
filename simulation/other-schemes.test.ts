import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { answer } from '@opencpm/testkit';
import { inWorld, only } from './in-world.ts';
import { cpmMessage } from './phone.ts';

const mail = 'mailto:bob@mail.test';

describe('an address that is neither a sip nor a tel URI (E-8.2.1.2-26 by analogy)', () => {
  inWorld('goes to the ISF, whose answer is the sender’s', { isf: 'sip:10.0.0.2' }, async (world) => {
    const gateway = await world.peer('isf', () => answer(202));
    const alice = await world.phone('alice');
    assert.equal((await alice.message(mail, { ...cpmMessage('x'), to: '<sip:bob@cpm.test>' })).status, 202);
    assert.equal(only(gateway.requests('MESSAGE')).uri, mail);
  });

  inWorld('only of who may send: a stranger is asked for credentials', { isf: 'sip:10.0.0.2' }, async (world) => {
    const gateway = await world.peer('isf', () => answer(202));
    const stranger = await world.phone('stranger');
    assert.equal((await stranger.exchange(stranger.messageTemplate(mail, { body: 'x', to: '<sip:bob@cpm.test>' }))).status, 407);
    assert.equal(gateway.requests('MESSAGE').length, 0);
  });

  inWorld('is 416 without one (RFC 3261 §21.4.14)', {}, async (world) => {
    const alice = await world.phone('alice');
    assert.equal((await alice.message(mail, { ...cpmMessage('x'), to: '<sip:bob@cpm.test>' })).status, 416);
  });
});
