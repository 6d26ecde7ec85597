import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CpmRelease, releaseIn, serverToken, servesRelease } from './release.ts';

describe('the CPM release', () => {
  it('is read from the first product that is one, whatever stands around it', () => {
    assert.deepEqual(releaseIn('CPM-client/OMA2.2 RCS-client/UP_2.4 term-X'), { major: 2, minor: 2 });
    assert.deepEqual(releaseIn('Foo/1 cpm-serv/oma1.0'), { major: 1, minor: 0 });
  });

  it('is unknown where there is none', () => {
    for (const text of [undefined, '', 'IM-client/OMA1.0', 'CPM-client/OMA2', 'XCPM-client/OMA2.1'])
      assert.equal(releaseIn(text), undefined);
  });

  it('passes when it is unknown, when there is no minimum, and from the minimum on (wire facts 3)', () => {
    const minimum = { major: 2, minor: 1 };
    const served = (
      release: string | undefined,
      minRelease: CpmRelease | undefined = minimum,
      unknownRelease: 'accept' | 'refuse' = 'accept',
    ) => servesRelease(release === undefined ? undefined : `CPM-client/OMA${release} X/1`, { minRelease, unknownRelease });
    assert.deepEqual(
      [undefined, '2.1', '3.0', '2.0', '1.9'].map((release) => served(release)),
      [true, true, true, false, false],
    );
    assert.equal(servesRelease('CPM-client/OMA1.0', { minRelease: undefined, unknownRelease: 'refuse' }), true);
    assert.deepEqual(
      [undefined, '2.1'].map((release) => served(release, minimum, 'refuse')),
      [false, true],
    );
  });

  it('of this server stands before its product', () => assert.equal(serverToken('X/1'), 'CPM-serv/OMA2.1 X/1'));
});
