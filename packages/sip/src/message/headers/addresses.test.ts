import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatUri, parseUri, type Uri } from '../../uri/uri.ts';
import type { HeaderField } from '../header-field.ts';
import { Malformed } from '../malformed.ts';
import { Parameters } from '../parameters.ts';
import { type Contact, contactHeader } from './contact.ts';
import { fromHeader } from './from.ts';
import type { NameAddr } from './name-addr.ts';
import { pAssertedIdentityHeader } from './p-asserted-identity.ts';
import { pAssociatedUriHeader } from './p-associated-uri.ts';
import { pPreferredIdentityHeader } from './p-preferred-identity.ts';
import { pathHeader } from './path.ts';
import { recordRouteHeader } from './record-route.ts';
import { referredByHeader } from './referred-by.ts';
import { replyToHeader } from './reply-to.ts';
import { routeHeader } from './route.ts';
import { serviceRouteHeader } from './service-route.ts';
import { toHeader } from './to.ts';

function uri(text: string): Uri {
  const parsed = parseUri(text);
  assert.ok(!(parsed instanceof Malformed), text);
  return parsed;
}

function decoded<T>(field: HeaderField<T>, text: string): T {
  const value = field.decode(text);
  if (value instanceof Malformed) assert.fail(`${text}: ${value.reason}`);
  return value;
}

function contact(text: string): Contact {
  const value = decoded(contactHeader, text);
  assert.ok(value !== '*');
  return value;
}

const isMalformed = <T>(field: HeaderField<T>, text: string): boolean => field.decode(text) instanceof Malformed;

describe('From and To', () => {
  for (const field of [fromHeader, toHeader]) {
    it(`${field.name} reads all forms of an address (RFC 3261 §20.10, §20.20)`, () => {
      for (const [text, name, address, tag] of [
        ['"A. G. Bell" <sip:agb@bell-telephone.com>;tag=a48s', 'A. G. Bell', 'sip:agb@bell-telephone.com', 'a48s'],
        ['sip:+12125551212@server.phone2net.com;tag=887s', undefined, 'sip:+12125551212@server.phone2net.com', '887s'],
        ['Anonymous <sip:c8oqz84zk7z@privacy.org>;TAG = hyh8', 'Anonymous', 'sip:c8oqz84zk7z@privacy.org', 'hyh8'],
        ['caller<sip:caller@example.com>', 'caller', 'sip:caller@example.com', undefined],
        ['A  B\r\n C <tel:+15550001;x=1>', 'A  B C', 'tel:+15550001;x=1', undefined],
        ['"J \\"R\\" \\\\" <sips:j@h:5061;transport=tcp?Subject=x>;tag=1', 'J "R" \\', 'sips:j@h:5061;transport=tcp?Subject=x', '1'],
        ['"" <sip:a@h>', undefined, 'sip:a@h', undefined],
        ['"J\xc3\xb6rg" <sip:j@h>', 'Jörg', 'sip:j@h', undefined],
        ['J\xc3\xb6rg <sip:j@h>', 'Jörg', 'sip:j@h', undefined],
        ['"J\xf6rg" <sip:j@h>', 'Jörg', 'sip:j@h', undefined],
        ['"a <b> , c;" <http://www.example.com>', 'a <b> , c;', 'http://www.example.com', undefined],
      ] as const) {
        const value = decoded(field, text);
        assert.deepEqual([value.displayName, formatUri(value.uri), value.tag], [name, address, tag], text);
      }
    });

    it(`${field.name} finds malformed addresses`, () => {
      for (const text of [
        '',
        '<>',
        '<sip:a@h',
        'sip:a@h>',
        '"Mr. J. User <sip:j.user@example.com>',
        'Bell, Alexander <sip:a.g.bell@example.com>',
        '"a" b <sip:a@h>',
        '<sip:a@h> tag=1',
        '<sip:a@h>;tag',
        '<sip:a@h>;tag=',
        '<sip:a@h>;;tag=1',
        '< sip:a@h>',
        '<sip:a@h>;a b',
        'sip:a@h?Subject=x',
      ]) {
        assert.ok(isMalformed(field, text), text);
      }
    });

    it(`${field.name} writes what it reads the same`, () => {
      for (const text of ['"A \\"B\\" \\\\" <sip:a@h;lr>;x="y z";tag=1', '<sip:a@h>', '"J\xc3\xb6rg" <tel:+1>;tag=2']) {
        assert.equal(field.encode(decoded(field, text)), text);
      }
    });
  }

  it('has the compact forms f and t', () => assert.deepEqual([fromHeader.compact, toHeader.compact], ['f', 't']));

  it('writes a display name that holds anything', () => {
    const value = { displayName: 'a"b\\ €', uri: uri('sip:a@h'), parameters: Parameters.of(['x', 'y']), tag: '1' };
    assert.equal(fromHeader.encode(value), '"a\\"b\\\\ \xe2\x82\xac" <sip:a@h>;x=y;tag=1');
    assert.equal(decoded(fromHeader, fromHeader.encode(value)).displayName, value.displayName);
  });
});

describe('Contact', () => {
  it('reads q, expires and feature tags (RFC 3261 §20.10)', () => {
    const value = contact('"Mr. Watson" <sip:watson@h;transport=tcp>;q=0.7; expires=3600;+sip.instance="<urn:uuid:1>";audio');
    assert.deepEqual(
      [value.q, value.expiresSeconds, value.parameters.get('+SIP.instance'), value.parameters.get('audio')],
      [0.7, 3600, '<urn:uuid:1>', true],
    );
    assert.equal(value.parameters.toString(), ';+sip.instance="<urn:uuid:1>";audio');
  });

  it('takes what stands behind an address without brackets for its own', () => {
    const value = contact('sip:a@h;expires=60;lr');
    assert.deepEqual([formatUri(value.uri), value.expiresSeconds, value.parameters.get('lr')], ['sip:a@h', 60, true]);
  });

  it('reads the star', () => assert.equal(decoded(contactHeader, '*'), '*'));

  it('takes a malformed expires for an hour, one too large for the largest', () => {
    assert.deepEqual(
      ['x', '-1', '"Sat, 01 Dec 2040 16:00:00 GMT"', '280297596632815'].map((text) => contact(`<sip:a@h>;expires=${text}`).expiresSeconds),
      [3600, 3600, 3600, 2 ** 32 - 1],
    );
  });

  it('reads every q that there is, and no other', () => {
    assert.deepEqual(
      ['0', '1', '0.5', '0.333', '1.000', '0.'].map((q) => contact(`<sip:a@h>;q=${q}`).q),
      [0, 1, 0.5, 0.333, 1, 0],
    );
    for (const q of ['2', '1.001', '-1', '.5', '0.3333', 'x', '0x1', '1e0', ''])
      assert.ok(isMalformed(contactHeader, `<sip:a@h>;q=${q}`), q);
  });

  it('refuses an address that needs brackets (RFC 3261 §20)', () => {
    assert.ok(isMalformed(contactHeader, 'sip:user@example.com?Route=%3Csip:sip.example.com%3E'));
  });

  it('writes', () => {
    const value = {
      uri: uri('sip:a@h'),
      parameters: Parameters.empty.withQuoted('+sip.instance', '<urn:uuid:1>'),
      q: 0.5,
      expiresSeconds: 60,
    };
    assert.equal(contactHeader.encode(value), '<sip:a@h>;+sip.instance="<urn:uuid:1>";q=0.5;expires=60');
    assert.equal(contactHeader.encode('*'), '*');
    assert.deepEqual([contactHeader.compact, contactHeader.list], ['m', true]);
  });
});

describe('Route, Record-Route, Path and Service-Route', () => {
  for (const field of [routeHeader, recordRouteHeader, pathHeader, serviceRouteHeader]) {
    it(`${field.name} is a list of addresses in brackets`, () => {
      const value = decoded(field, '<sip:p1.example.com;lr>;ob');
      assert.ok(value.uri.kind === 'sip');
      assert.deepEqual([field.list, value.uri.parameters.get('lr'), value.parameters.get('ob')], [true, true, true]);
      assert.equal(field.encode(value), '<sip:p1.example.com;lr>;ob');
      assert.ok(isMalformed(field, 'sip:p1.example.com;lr'));
    });
  }
});

describe('identity headers, Reply-To and Referred-By', () => {
  const lists: readonly HeaderField<NameAddr>[] = [pAssertedIdentityHeader, pPreferredIdentityHeader, pAssociatedUriHeader];
  const singles: readonly HeaderField<NameAddr>[] = [replyToHeader, referredByHeader];
  for (const field of [...lists, ...singles]) {
    it(`${field.name} reads and writes an address`, () => {
      const value = decoded(field, '"Cullen" <sip:fluffy@cisco.com>;cid="1@h"');
      assert.deepEqual([value.displayName, value.parameters.get('cid'), field.list], ['Cullen', '1@h', lists.includes(field)]);
      assert.equal(field.encode(value), '"Cullen" <sip:fluffy@cisco.com>;cid="1@h"');
      assert.equal(formatUri(decoded(field, 'tel:+14085264000').uri), 'tel:+14085264000');
      assert.ok(isMalformed(field, 'nobody'));
    });
  }

  it('has the compact form b for Referred-By', () => assert.equal(referredByHeader.compact, 'b'));
});
