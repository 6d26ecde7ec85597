import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { answer, byMethod, silence } from '@opencpm/testkit';
import { bobUri } from './clients.ts';
import { inWorld, waitingRows } from './in-world.ts';
import { cpmMessage, textOf } from './phone.ts';

/** More than have their turn at once. */
const silentClients = 40;

describe('many clients that are pushed to at once', () => {
  inWorld('those that are silent hold up the others for two seconds and not for 32', { limits: { bindingsPerUser: 50 } }, async (world) => {
    const alice = await world.phone('alice');
    assert.equal((await alice.message(bobUri, cpmMessage('hello'))).status, 202);
    for (let number = 0; number < silentClients; number += 1)
      await (await world.phone('bob', byMethod({ MESSAGE: () => silence }))).register();
    const late = await world.phone('bob', byMethod({ MESSAGE: () => answer(200) }));
    await late.register();
    await world.clock.runFor(500);
    assert.deepEqual(late.received().map(textOf), []);
    await world.clock.runFor(2000);
    assert.deepEqual(late.received().map(textOf), ['hello']);
    assert.deepEqual(await waitingRows(world), { deferred: 0, owed: 0 });
  });
});
