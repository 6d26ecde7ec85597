import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkRequest } from './check-request.ts';
import { Headers } from './headers.ts';
import { Malformed } from './malformed.ts';
import { emptyBody, requestUri, responseTo, type SipRequest } from './message.ts';

const headers = Headers.of(
  ['Via', 'SIP/2.0/UDP a;branch=z9hG4bK1'],
  ['v', 'SIP/2.0/UDP b;branch=z9hG4bK2'],
  ['f', '<sip:alice@home1.example>;tag=1'],
  ['t', '<sip:bob@home1.example>'],
  ['Call-ID', 'one@h'],
  ['CSeq', '7 MESSAGE'],
  ['Timestamp', '54'],
  ['Max-Forwards', '70'],
  ['Subject', 'x'],
);
const request: SipRequest = { kind: 'request', method: 'MESSAGE', uri: 'sip:bob@home1.example', headers, body: emptyBody };

const problem = (changed: Headers, uri = request.uri): string | undefined => checkRequest({ ...request, headers: changed, uri })?.reason;

describe('responseTo', () => {
  it('copies Via, From, To, Call-ID and CSeq, and tags To (RFC 3261 §8.2.6.2)', () => {
    const response = responseTo(request, 200, { toTag: 'x', headers: Headers.of(['Server', 'S']) });
    assert.deepEqual([response.status, response.reason, response.body.length], [200, 'OK', 0]);
    assert.deepEqual(
      response.headers.raw.map(({ key, value }) => `${key}: ${value}`),
      [
        'via: SIP/2.0/UDP a;branch=z9hG4bK1',
        'via: SIP/2.0/UDP b;branch=z9hG4bK2',
        'from: <sip:alice@home1.example>;tag=1',
        'to: <sip:bob@home1.example>;tag=x',
        'call-id: one@h',
        'cseq: 7 MESSAGE',
        'server: S',
      ],
    );
  });

  it('leaves a To with a tag, a malformed To and the To of a 100 as they are', () => {
    const inDialog = { ...request, headers: headers.with('To', '<sip:b@h>;tag=old') };
    const broken = { ...request, headers: headers.with('To', '"<sip:b@h>') };
    assert.equal(responseTo(inDialog, 200, { toTag: 'x' }).headers.text('To'), '<sip:b@h>;tag=old');
    assert.equal(responseTo(broken, 400, { toTag: 'x' }).headers.text('To'), '"<sip:b@h>');
    assert.equal(responseTo(request, 100, { toTag: 'x' }).headers.text('To'), '<sip:bob@home1.example>');
  });

  it('tags no other To than the first, and none when that cannot be tagged', () => {
    const tos = (first: string) => ({ ...request, headers: headers.with('To', first).append('To', '<sip:c@h>') });
    assert.deepEqual(responseTo(tos('<sip:b@h>'), 400, { toTag: 'x' }).headers.texts('To'), ['<sip:b@h>;tag=x', '<sip:c@h>']);
    assert.deepEqual(responseTo(tos('<sip:b@h>;tag=old'), 400, { toTag: 'x' }).headers.texts('To'), ['<sip:b@h>;tag=old', '<sip:c@h>']);
    assert.deepEqual(responseTo(tos('"<sip:b@h>'), 400, { toTag: 'x' }).headers.texts('To'), ['"<sip:b@h>', '<sip:c@h>']);
  });

  it('copies Timestamp into a 100 only (RFC 3261 §8.2.6.1)', () => {
    assert.deepEqual([responseTo(request, 100).headers.has('Timestamp'), responseTo(request, 200).headers.has('Timestamp')], [true, false]);
  });

  it('takes another reason, and none for a status without one', () => {
    assert.deepEqual([responseTo(request, 403, { reason: 'No' }).reason, responseTo(request, 499).reason], ['No', '']);
  });
});

describe('requestUri', () => {
  it('decodes the Request-URI of each request', () => {
    for (const uri of ['sip:a@h', 'sip:b@h', 'tel:+15550001', 'sip:a@h']) {
      const decoded = requestUri({ ...request, uri });
      assert.ok(!(decoded instanceof Malformed));
      assert.equal(decoded.kind === 'tel' ? decoded.number : decoded.kind === 'sip' && decoded.user, uri.slice(4).split('@')[0]);
    }
    assert.ok(requestUri({ ...request, uri: 'sip:' }) instanceof Malformed);
  });
});

describe('checkRequest', () => {
  it('finds nothing wrong with a whole request, also without Max-Forwards', () => {
    assert.equal(checkRequest(request), undefined);
    assert.equal(problem(headers.without('Max-Forwards')), undefined);
  });

  it('answers 400 to a mandatory header that is missing or malformed (RFC 3261 §8.1.1)', () => {
    for (const name of ['Via', 'From', 'To', 'Call-ID', 'CSeq']) {
      assert.deepEqual(checkRequest({ ...request, headers: headers.without(name) }), { status: 400, reason: `Missing ${name}` });
      assert.match(problem(headers.with(name, '"< x')) ?? '', new RegExp(`^Malformed ${name}`));
    }
    assert.equal(problem(headers.with('Via', '')), 'Missing Via');
  });

  it('answers 400 to two of what may stand once', () => {
    for (const [name, text] of [
      ['From', '<sip:x@h>;tag=2'],
      ['To', '<sip:x@h>'],
      ['Call-ID', 'two'],
      ['CSeq', '7 MESSAGE'],
      ['Max-Forwards', '70'],
    ] as const) {
      assert.match(problem(headers.append(name, text)) ?? '', /^Two /, name);
    }
    assert.match(problem(headers.append('Content-Type', 'a/b').append('c', 'a/b')) ?? '', /^Two /);
    assert.equal(problem(headers.append('Subject', 'y')), undefined);
  });

  it('answers 400 to a CSeq of another method or out of range', () => {
    assert.equal(problem(headers.with('CSeq', '7 INVITE')), 'CSeq names another method');
    assert.match(problem(headers.with('CSeq', '2147483648 MESSAGE')) ?? '', /Malformed CSeq/);
    assert.equal(problem(headers.with('CSeq', '2147483647 MESSAGE')), undefined);
  });

  it('answers 400 to Max-Forwards above 255 and to a Content-Length that is no number or not agreed on', () => {
    assert.equal(problem(headers.with('Max-Forwards', '255')), undefined);
    for (const changed of [
      headers.with('Max-Forwards', '256'),
      headers.with('Max-Forwards', '-1'),
      headers.append('Content-Length', 'x'),
      headers.append('Content-Length', '1').append('l', '2'),
    ]) {
      assert.equal(checkRequest({ ...request, headers: changed })?.status, 400);
    }
  });

  it('answers 400 to a malformed Request-URI and leaves its scheme to the procedure', () => {
    assert.match(problem(headers, 'sip:@h') ?? '', /Request-URI/);
    for (const uri of ['tel:+15550001', 'im:bob@home1.example', 'nobodyknows:x']) assert.equal(problem(headers, uri), undefined);
  });

  it('leaves malformed headers alone that only a procedure needs', () => {
    assert.equal(problem(headers.append('Contact', '<<').append('Date', 'x').append('Expires', '-')), undefined);
  });
});
