import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defineHeader } from './header-field.ts';
import { headerKey } from './header-names.ts';
import { contactHeader } from './headers/contact.ts';
import { cseqHeader } from './headers/cseq.ts';
import { expiresHeader } from './headers/expires.ts';
import { routeHeader } from './headers/route.ts';
import { supportedHeader } from './headers/supported.ts';
import { viaHeader } from './headers/via.ts';
import { Headers } from './headers.ts';
import { Malformed } from './malformed.ts';

const lines = (headers: Headers): readonly string[] => headers.lines.map((line) => line.line);

const headers = Headers.of(
  ['Via', 'SIP/2.0/UDP a;branch=1, SIP/2.0/TCP b;branch=2'],
  ['Via', 'SIP/2.0/UDP c;branch=3'],
  ['k', 'timer, path'],
  ['Supported', ''],
  ['X-Own', 'one'],
  ['x-own', 'two'],
);

describe('Headers', () => {
  it('finds texts by any name of a header', () => {
    assert.equal(headers.text('v'), 'SIP/2.0/UDP a;branch=1, SIP/2.0/TCP b;branch=2');
    assert.deepEqual(headers.texts('X-OWN'), ['one', 'two']);
    assert.deepEqual(
      [headers.text('To'), headers.texts('To'), headers.has('To'), headers.has(supportedHeader)],
      [undefined, [], false, true],
    );
  });

  it('tells absent, value and malformed apart', () => {
    assert.deepEqual(headers.get(cseqHeader), { kind: 'absent' });
    assert.equal(headers.append('CSeq', 'x').get(cseqHeader).kind, 'malformed');
    assert.deepEqual(headers.append('CSeq', '1 ACK').get(cseqHeader), { kind: 'value', value: { sequence: 1, method: 'ACK' } });
    assert.equal(headers.append('CSeq', 'x').value(cseqHeader), undefined);
  });

  it('gives the elements of lists across commas and lines', () => {
    assert.deepEqual(
      headers.all(viaHeader).value?.map((via) => via.host),
      ['a', 'b', 'c'],
    );
    assert.equal(headers.value(viaHeader)?.host, 'a');
    assert.deepEqual(headers.all(supportedHeader), { kind: 'value', value: ['timer', 'path'] });
    assert.deepEqual(headers.all(routeHeader), { kind: 'absent' });
  });

  it('takes a list of none for absent where one value is asked for', () => {
    const empty = Headers.of(['Supported', '']);
    assert.deepEqual([empty.get(supportedHeader), empty.all(supportedHeader)], [{ kind: 'absent' }, { kind: 'value', value: [] }]);
  });

  it('finds an empty element of a list malformed', () => {
    for (const text of ['timer,', ',timer', 'timer,,path', ',']) {
      assert.equal(Headers.of(['Supported', text]).all(supportedHeader).kind, 'malformed', text);
    }
  });

  it('decodes a line once, also across changes of other lines', () => {
    let decoded = 0;
    const counted = defineHeader<string>({
      name: 'X-Own',
      decode(text) {
        decoded += 1;
        return text === 'bad' ? new Malformed('bad') : text;
      },
      encode: (value) => value,
    });
    const first = Headers.of(['X-Own', 'one']);
    first.get(counted);
    first.append('Y', '1').without('Y').all(counted);
    assert.equal(decoded, 1);
  });

  it('replaces the first in its place and drops the others', () => {
    assert.deepEqual(lines(headers.with('x-OWN', 'new')).slice(3), ['Supported: ', 'x-OWN: new']);
    assert.deepEqual(lines(headers.with(expiresHeader, 60)).slice(-1), ['Expires: 60']);
    assert.deepEqual(lines(headers.with('Via', 'z')).slice(0, 2), ['Via: z', 'k: timer, path']);
  });

  it('prepends above those of the same name, else on top', () => {
    const topped = Headers.of(['A', '1'], ['Route', '<sip:b>']);
    assert.deepEqual(lines(topped.prepend('Route', '<sip:a>')), ['A: 1', 'Route: <sip:a>', 'Route: <sip:b>']);
    assert.deepEqual(lines(topped.prepend('Via', 'x')), ['Via: x', 'A: 1', 'Route: <sip:b>']);
  });

  it('drops the topmost value only, in a line of several too', () => {
    const once = headers.withoutFirst(viaHeader);
    const twice = once.withoutFirst('v');
    assert.deepEqual(lines(once).slice(0, 2), ['Via: SIP/2.0/TCP b;branch=2', 'Via: SIP/2.0/UDP c;branch=3']);
    assert.deepEqual(lines(twice).slice(0, 2), ['Via: SIP/2.0/UDP c;branch=3', 'k: timer, path']);
    assert.equal(twice.withoutFirst('Via').has('Via'), false);
    const quoted = Headers.of(['Route', '"a,b" <sip:a,b@h>, <sip:c>']);
    assert.deepEqual(lines(quoted.withoutFirst('Route')), ['Route: <sip:c>']);
    assert.deepEqual(lines(quoted.withoutFirst('Path')), lines(quoted));
  });

  it('keep the octet A0, which ends a letter in UTF-8, at the end of a value, of an element and of a name', () => {
    const voila = 'voil\xc3\xa0';
    const headers = Headers.of(['Subject', ` ${voila} `], ['Contact', `${voila} <sip:a@h>, <sip:b@h>;x=${voila}`]);
    assert.equal(headers.text('Subject'), voila);
    const contacts = headers.all(contactHeader).value ?? [];
    assert.deepEqual(
      contacts.map((contact) => contact !== '*' && [contact.displayName, contact.parameters.get('x')]),
      [
        ['voilà', undefined],
        [undefined, voila],
      ],
    );
  });

  it('drop the first value and not the empty line above it, and leave no empty line behind it', () => {
    const headers = Headers.of(['Via', ''], ['Via', 'a,'], ['Via', 'b']);
    assert.deepEqual(lines(headers.withoutFirst('Via')), ['Via: ', 'Via: b']);
  });

  it('filters, drops and joins', () => {
    assert.deepEqual(lines(headers.filter((header) => header.key === 'x-own')), ['X-Own: one', 'x-own: two']);
    assert.equal(headers.without('Via').without(supportedHeader).raw.length, 2);
    assert.deepEqual(lines(Headers.of(['A', '1']).concat(Headers.of(['B', '2']))), ['A: 1', 'B: 2']);
  });

  it('never changes itself', () => {
    const before = lines(headers);
    headers.with('Via', 'x').append('Y', '1').prepend('Z', '2').without('k').withoutFirst('Via');
    assert.deepEqual(lines(headers), before);
  });

  it('lets no value begin a line of its own, and writes other characters as UTF-8', () => {
    const [line, folded, wide] = lines(Headers.of(['Subject', 'a\r\nEvil: 1'], ['Subject', 'a\r\n  b\nc\r'], ['Subject', 'č\u010a']));
    assert.deepEqual([line, folded, wide], ['Subject: a Evil: 1', 'Subject: a b c', 'Subject: \xc4\x8d\xc4\x8a']);
  });

  it('takes no name that is none', () => {
    assert.throws(() => Headers.of(['A\r\nB', '1']), /not a header name/);
    assert.throws(() => headers.append('', '1'), /not a header name/);
  });
});

describe('headerKey', () => {
  it('knows the compact forms (RFC 3261 §7.3.3)', () => {
    const compact = 'a b c d e f i j k l m o r s t u v x';
    const keys = compact.split(' ').map(headerKey);
    assert.deepEqual(keys, [
      'accept-contact',
      'referred-by',
      'content-type',
      'request-disposition',
      'content-encoding',
      'from',
      'call-id',
      'reject-contact',
      'supported',
      'content-length',
      'contact',
      'event',
      'refer-to',
      'subject',
      'to',
      'allow-events',
      'via',
      'session-expires',
    ]);
    assert.deepEqual(compact.toUpperCase().split(' ').map(headerKey), keys);
  });

  it('keeps knowing them however many names were met', () => {
    for (let index = 0; index < 10_000; index += 1) assert.equal(headerKey(`X-Name-${index}`), `x-name-${index}`);
    assert.deepEqual([headerKey('cAlL-iD'), headerKey('i'), headerKey('x'.repeat(100))], ['call-id', 'call-id', 'x'.repeat(100)]);
  });

  it('has none for what is no token', () => {
    for (const name of ['', 'a b', 'a:', 'é', 'a\r\n']) assert.equal(headerKey(name), '');
  });
});
