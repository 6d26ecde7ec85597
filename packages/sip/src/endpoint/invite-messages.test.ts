import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkRequest } from '../message/check-request.ts';
import { responseTo } from '../message/message.ts';
import { outgoing } from '../node/test-support/endpoint-world.ts';
import { acknowledgementOf } from './invite-messages.ts';

const sent = outgoing();
const invite = {
  ...sent,
  method: 'INVITE',
  headers: sent.headers.with('CSeq', '1 INVITE').prepend('Via', 'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKone'),
};

describe('the ACK to a failure (RFC 3261 §17.1.1.3)', () => {
  it('has the To of the response', () => {
    const ack = acknowledgementOf(invite, responseTo(invite, 486, { toTag: 'theirs' }));
    assert.equal(ack.headers.text('To'), '<sip:bob@example.net>;tag=theirs');
    assert.equal(checkRequest(ack), undefined);
  });

  it('has the To of the INVITE when nobody can read that of the response', () => {
    const response = responseTo(invite, 486);
    const ack = acknowledgementOf(invite, { ...response, headers: response.headers.with('To', '<sip:bob@example.net>"tag') });
    assert.equal(ack.headers.text('To'), '<sip:bob@example.net>');
    assert.equal(checkRequest(ack), undefined);
  });
});
