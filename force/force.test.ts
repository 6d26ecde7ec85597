import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { durabilityOf, whyNotTraced } from './durability.ts';
import { engines } from './engine.ts';
import { fullDiskRun, whyNotMounted } from './full-disk.ts';
import { killRun } from './kill-run.ts';
import { accountOf } from './report.ts';

const kills = 3;
const traced = 5;
const whyNo = { trace: await whyNotTraced(), mount: await whyNotMounted() };

describe('the server is killed with -9 while people write (architecture: promises about messages)', { concurrency: true }, () => {
  for (const engine of engines) {
    it(`${engine}, ${kills} kills: accepted = delivered + waiting + expired with notice`, async () => {
      const account = accountOf(await killRun({ engine, kills, seed: '1' }));
      assert.deepEqual(account.violations, []);
      const { delivered, waiting, expired, lost } = account.places;
      assert.deepEqual([account.kills, lost, account.doubled], [kills, 0, 0]);
      assert.equal(delivered + waiting + expired, account.accepted);
      assert(delivered > 0 && account.accepted > 0, 'nobody got anything');
    });
  }
});

describe('no answer before the commit', () => {
  for (const engine of engines) {
    it(`${engine}: each 202 leaves after an fsync or fdatasync`, { skip: whyNo.trace ?? false }, async () => {
      const { accepted, early } = await durabilityOf(engine, traced);
      assert.deepEqual([accepted, early], [traced, []]);
    });
  }
});

it('a full disk: 503 with Retry-After for what cannot be kept, the rest goes on, recovery by itself', {
  skip: whyNo.mount ?? false,
}, async () => {
  const { accepted, refused, relayedWhileFull } = await fullDiskRun();
  assert(accepted > 0 && refused > 0 && relayedWhileFull > 0);
});
