import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { served } from '../terminating/in-memory-ports.fixture.ts';
import { storedRequest } from './deferred-message.ts';

const arrivedAt = Date.UTC(2026, 0, 15, 12);
const lines = (request: ReturnType<typeof storedRequest>) => request.headers.raw.map(({ name, value }) => `${name}: ${value}`);

describe('what is stored of a pager mode message (B-8.3.1.6.1-01, -02)', () => {
  it('the headers of the list as they were written, in their order, and the start line', () => {
    const { request } = served(
      'x',
      ['Subject', 'p\u00e9  "quoted"'],
      ['Accept-Contact', '*;+g.a;explicit'],
      ['Accept-Contact', '*;+g.b'],
      ['InReplyTo-Contribution-ID', 'c0'],
      ['contribution-id', 'c1'],
      ['Conversation-ID', ' odd id '],
      ['Date', 'Thu, 15 Jan 2026 11:00:00 GMT'],
      ['Referred-By', '<sip:group@cpm.test>'],
    );
    const stored = storedRequest(request, arrivedAt);
    const kept = lines({ ...request, headers: request.headers.filter(({ key }) => !['via', 'call-id', 'cseq'].includes(key)) });
    assert.deepEqual(lines(stored), kept);
    assert.deepEqual([stored.method, stored.uri], ['MESSAGE', 'sip:bob@cpm.test']);
  });

  it('the body octet by octet, with a recipient list when there is one', () => {
    const body = new TextEncoder().encode(
      '--b\r\nContent-Type: message/cpim\r\n\r\n…\r\n--b\r\nContent-Type: application/resource-lists+xml\r\n\r\n<x/>\r\n--b--\r\n',
    );
    const { request } = served('x');
    const headers = request.headers.with('Content-Type', 'multipart/mixed;boundary=b');
    const stored = storedRequest({ ...request, headers, body }, arrivedAt);
    assert.deepEqual([stored.body, stored.headers.text('Content-Type')], [body, 'multipart/mixed;boundary=b']);
  });

  it('the time of arrival as Date when there was none', () => {
    assert.equal(storedRequest(served('x').request, arrivedAt).headers.text('Date'), 'Thu, 15 Jan 2026 12:00:00 GMT');
  });

  it('nothing of charging, of the hop, of unknown headers', () => {
    const names = [
      'P-Charging-Vector',
      'P-Charging-Function-Addresses',
      'P-Access-Network-Info',
      'Record-Route',
      'Route',
      'X-Unknown',
      'Message-UID',
      'Expires',
    ];
    const stored = storedRequest(served('x', ...names.map((name) => [name, '1'] as const)).request, arrivedAt);
    for (const name of [...names, 'Via', 'Call-ID', 'CSeq', 'Max-Forwards']) assert.ok(!stored.headers.has(name), name);
  });

  it('nothing by which a sender who hides would be known (decision 34)', () => {
    const telling = ['Contact', 'Reply-To', 'Referred-By', 'History-Info', 'Call-Info'].map(
      (name) => [name, '<sip:alice@cpm.test>'] as const,
    );
    const stored = storedRequest(served('x', ['Privacy', 'id'], ...telling).request, arrivedAt);
    assert.equal(stored.headers.text('Privacy'), 'id');
    assert.ok(!lines(stored).some((line) => line.includes('alice')));
  });
});
