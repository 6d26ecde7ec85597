import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accountOf } from './report.ts';
import { twoNodeKills } from './two-node-kills.ts';

describe('two nodes, one is killed under load, then the other', () => {
  it('accepted = delivered + waiting + expired with notice', async () => {
    const account = accountOf(await twoNodeKills({ kills: 2, seed: '1', expiring: false }));
    assert.deepEqual(account.violations, []);
    const { delivered, waiting, expired, lost } = account.places;
    assert.deepEqual([account.kills, lost, account.doubled], [2, 0, 0]);
    assert.equal(delivered + waiting + expired, account.accepted);
    assert(delivered > 0 && waiting > 0);
  });
});
