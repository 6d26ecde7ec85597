import assert from 'node:assert/strict';
import { it } from 'node:test';
import { contributionId, messageId, userId } from '../../common/identifiers.ts';
import { duplicateKey } from './answer-once.ts';

const bob = { servedUser: userId('bob') };
const message = { originator: 'sip:alice@cpm.test', contributionId: contributionId('c'), messageId: messageId('m') };

it('a message is told from others by recipient, originator, Contribution-ID and Message-ID', () => {
  const key = duplicateKey(bob, message);
  assert.equal(key, 'bob sip:alice@cpm.test c m');
  for (const other of [{ originator: 'sip:carol@cpm.test' }, { contributionId: contributionId('d') }, { messageId: messageId('n') }]) {
    assert.notEqual(duplicateKey(bob, { ...message, ...other }), key);
  }
  assert.notEqual(duplicateKey({ servedUser: userId('carol') }, message), key);
});

it('a message without Message-ID, or with ids too long to be kept, is like no other', () => {
  assert.equal(duplicateKey(bob, { ...message, messageId: undefined }), undefined);
  assert.equal(duplicateKey(bob, { ...message, contributionId: contributionId('c'.repeat(1100)) }), undefined);
});
