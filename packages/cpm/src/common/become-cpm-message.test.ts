import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { contentDispositionOf, contentTypeOf, dispositionNotifications, fromAddress, mediaType } from '@opencpm/payloads';
import { Headers, type SipRequest } from '@opencpm/sip';
import type { ContentCodings, Ids } from '../ports.ts';
import { becomeCpmMessage } from './become-cpm-message.ts';
import { acceptContactFor } from './service-tags.ts';
import { readStandaloneMessage } from './standalone-message.ts';

const now = Date.UTC(2026, 0, 15, 10);
const ids: Ids = {
  unique: () => 'unique',
  uuid: () => 'uuid',
  tag: () => 'tag',
  ordered: () => 'ordered',
  deliveryNames: () => ({ callId: 'c', fromTag: 't', branch: 'b', sequence: 1 }),
};
/** A coding of its own, so that decoding is seen: every octet one higher. */
const contentCodings: ContentCodings = {
  names: ['plus-one', 'identity'],
  decode: (coding, octets) => (coding === 'plus-one' ? octets.map((octet) => octet - 1) : undefined),
};
const ports = { ids, contentCodings };

function message(body: string, ...more: readonly (readonly [string, string])[]): SipRequest {
  const headers = Headers.of(['From', '<sip:alice@cpm.test>;tag=1'], ['To', '<sip:bob@cpm.test>'], ...more);
  return { kind: 'request', method: 'MESSAGE', uri: 'sip:bob@cpm.test', headers, body: new TextEncoder().encode(body) };
}

function become(request: SipRequest): SipRequest {
  const result = becomeCpmMessage(request, ports, now);
  assert.equal(result.kind, 'cpm');
  return result.kind === 'cpm' ? result.request : request;
}

function refusal(request: SipRequest) {
  const result = becomeCpmMessage(request, ports, now);
  return result.kind === 'refused' ? result.refusal : undefined;
}

describe('a plain MESSAGE becomes a CPM message', () => {
  it('with feature tag, ids and a wrapper around its content, and asks for no notification', () => {
    const request = become(message('hi', ['Content-Type', 'text/plain;charset=UTF-8']));
    assert.equal(request.headers.text('Accept-Contact'), acceptContactFor('msg'));
    assert.equal(request.headers.text('Conversation-ID'), 'uuid');
    assert.equal(request.headers.text('Contribution-ID'), 'unique');
    assert.equal(request.headers.text('Content-Type'), 'message/cpim');
    const { cpim, kind, messageId } = readStandaloneMessage(request);
    assert.equal(kind, 'message');
    assert.equal(messageId, 'unique');
    assert.equal(fromAddress(cpim)?.uri, 'sip:alice@cpm.test');
    assert.equal(mediaType(contentTypeOf(cpim)), 'text/plain');
    assert.equal(new TextDecoder().decode(cpim.content), 'hi');
    assert.equal(dispositionNotifications(cpim).size, 0);
  });

  it('without a sender in the wrapper when he hides', () => {
    const { cpim } = readStandaloneMessage(become(message('hi', ['Privacy', 'id'])));
    assert.equal(fromAddress(cpim)?.uri, 'sip:anonymous@anonymous.invalid');
  });

  it('as a notification when it is one, and decoded when it was encoded, as some clients send theirs', () => {
    const encoded = [...'<imdn/>'].map((character) => String.fromCharCode(character.charCodeAt(0) + 1)).join('');
    const request = become(message(encoded, ['Content-Type', 'message/imdn+xml'], ['e', 'Plus-One']));
    const { cpim, kind } = readStandaloneMessage(request);
    assert.equal(kind, 'notification');
    assert.equal(contentDispositionOf(cpim)?.disposition, 'notification');
    assert.equal(new TextDecoder().decode(cpim.content), '<imdn/>');
    assert.equal(request.headers.has('Content-Encoding'), false);
  });
});

describe('a CPM message stays what it is', () => {
  const cpim = 'From: <sip:alice@cpm.test>\r\nTo: <sip:bob@cpm.test>\r\n\r\nContent-Type: text/plain\r\n\r\nhi';
  const own = [
    ['Content-Type', 'Message/CPIM'],
    ['Accept-Contact', acceptContactFor('msg')],
    ['Conversation-ID', 'a'],
    ['Contribution-ID', 'b'],
  ] as const;

  it('to the last octet', () => {
    const request = message(cpim, ...own);
    assert.equal(become(request), request);
  });
});

describe('what cannot become a CPM message is refused', () => {
  it('488 for another CPM service', () =>
    assert.equal(refusal(message('x', ['Accept-Contact', acceptContactFor('largemsg')]))?.status, 488));
  it('400 for a wrapper that is none', () =>
    assert.equal(refusal(message('no headers at all', ['Content-Type', 'message/cpim']))?.status, 400));
  it('400 for a malformed Content-Type', () => assert.equal(refusal(message('x', ['Content-Type', 'text']))?.status, 400));
  it('415 with what would have been read for an unknown coding', () => {
    assert.deepEqual(refusal(message('x', ['Content-Encoding', 'pack200'])), { status: 415, acceptEncoding: 'plus-one, identity' });
  });
});
