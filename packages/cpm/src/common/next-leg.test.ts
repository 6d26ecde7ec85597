import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Headers, type SipRequest } from '@opencpm/sip';
import { nextLeg } from './next-leg.ts';

const leg = { callId: 'new@cpm.test', userAgent: 'CPM-serv/OMA2.1 X/1' };

function message(...more: readonly (readonly [string, string])[]): SipRequest {
  const headers = Headers.of(
    ['Via', 'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa'],
    ['Max-Forwards', '70'],
    ['From', '"Alice" <sip:alice@cpm.test>;tag=a1'],
    ['t', '<sip:bob@cpm.test>;tag=stale'],
    ['Call-ID', 'old@192.0.2.1'],
    ['CSeq', '7 MESSAGE'],
    ['User-Agent', 'CPM-client/OMA2.1 Y/1'],
    ...more,
  );
  return { kind: 'request', method: 'MESSAGE', uri: 'sip:bob@cpm.test', headers, body: new Uint8Array([1, 2]) };
}

describe('the request of the next leg', () => {
  it('has a Call-ID, CSeq and User-Agent of its own, no tag in To and one hop less', () => {
    const { headers } = nextLeg(message(), leg);
    assert.equal(headers.text('Call-ID'), 'new@cpm.test');
    assert.equal(headers.text('CSeq'), '1 MESSAGE');
    assert.equal(headers.text('User-Agent'), leg.userAgent);
    assert.equal(headers.text('To'), '<sip:bob@cpm.test>');
    assert.equal(headers.text('Max-Forwards'), '69');
  });

  it('drops what belongs to the hop or to the served user', () => {
    const dropped = ['Via', 'Route', 'Record-Route', 'Proxy-Authorization', 'P-Preferred-Service', 'Message-UID', 'P-Charging-Vector'];
    const { headers } = nextLeg(message(...dropped.slice(1).map((name) => [name, 'x'] as const)), leg);
    for (const name of dropped) assert.equal(headers.has(name), false, name);
  });

  it('lets unknown headers and the body cross byte for byte', () => {
    const crossed = nextLeg(message(['X-Unknown', 'a  b\u00ff'], ['s', 'Hi']), leg);
    assert.equal(crossed.headers.text('X-Unknown'), 'a  b\u00ff');
    assert.equal(crossed.headers.text('Subject'), 'Hi');
    assert.deepEqual([...crossed.body], [1, 2]);
  });

  it('shows nothing of a sender who hides but the anonymous URI and his wish (decision 34)', () => {
    const hidden = nextLeg(
      message(['Privacy', 'id'], ['P-Asserted-Identity', '<sip:alice@cpm.test>'], ['Contact', '<sip:alice@192.0.2.1>']),
      leg,
    );
    assert.equal(hidden.headers.text('From'), '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=a1');
    assert.equal(hidden.headers.text('Privacy'), 'id');
    for (const header of hidden.headers.raw) assert.doesNotMatch(header.value, /alice/);
  });

  it('goes to another recipient with a To and a Request-URI of his', () => {
    const { uri, headers } = nextLeg(message(), { ...leg, recipientUri: 'tel:+15550077' });
    assert.deepEqual([uri, headers.text('To')], ['tel:+15550077', '<tel:+15550077>']);
  });

  it('tells the core who it is that hides, which the core shows to nobody else (RFC 3325 §7)', () => {
    const asserted = message(['Privacy', 'id'], ['P-Asserted-Identity', '<sip:alice@cpm.test>'], ['Contact', '<sip:alice@192.0.2.1>']);
    const { headers } = nextLeg(asserted, { ...leg, towardsCore: true });
    assert.equal(headers.text('P-Asserted-Identity'), '<sip:alice@cpm.test>');
    for (const { key, value } of headers.raw) if (key !== 'p-asserted-identity') assert.doesNotMatch(value, /alice/);
  });
});
