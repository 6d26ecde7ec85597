import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Headers } from '../headers.ts';
import { Malformed } from '../malformed.ts';
import { Parameters } from '../parameters.ts';
import { acceptContactHeader } from './accept-contact.ts';
import { rejectContactHeader } from './reject-contact.ts';

const icsi = 'urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.msg';

describe('Accept-Contact', () => {
  it('reads features with require and explicit (RFC 3841 §9.2)', () => {
    const value = acceptContactHeader.decode(`*;+g.3gpp.icsi-ref="${icsi}" ; Require;audio;explicit`);
    assert.ok(!(value instanceof Malformed));
    assert.deepEqual(
      [...value.parameters],
      [
        ['+g.3gpp.icsi-ref', icsi],
        ['audio', true],
      ],
    );
    assert.deepEqual([value.require, value.explicit], [true, true]);
    assert.equal(acceptContactHeader.encode(value), `*;+g.3gpp.icsi-ref="${icsi}";audio;require;explicit`);
  });

  it('keeps the angle brackets, commas and semicolons of quoted values', () => {
    const instance = '*;+sip.instance="<urn:gsma:imei:35469106-056673-0>";methods="INVITE,MESSAGE;x"';
    const headers = Headers.of(['a', `${instance};require, *;+g.3gpp.icsi-ref="${icsi}"`], ['Accept-Contact', '*']);
    const all = headers.all(acceptContactHeader).value ?? [];
    assert.deepEqual(
      all.map((each) => [...each.parameters]),
      [
        [
          ['+sip.instance', '<urn:gsma:imei:35469106-056673-0>'],
          ['methods', 'INVITE,MESSAGE;x'],
        ],
        [['+g.3gpp.icsi-ref', icsi]],
        [],
      ],
    );
  });

  it('quotes values even where a token would do (RFC 3840 §9)', () => {
    const parameters = Parameters.of(['+g.3gpp.icsi-ref', icsi], ['isfocus', true]);
    assert.equal(acceptContactHeader.encode({ parameters, require: false, explicit: false }), `*;+g.3gpp.icsi-ref="${icsi}";isfocus`);
  });

  it('finds malformed values', () => {
    for (const text of ['', 'audio', '*audio', '*;', '*;audio=', '*;a="b', '**'])
      assert.ok(acceptContactHeader.decode(text) instanceof Malformed, text);
  });
});

describe('Reject-Contact', () => {
  it('reads and writes features (RFC 3841 §9.2)', () => {
    const text = '*;+sip.instance="<urn:uuid:1>";actor="msg-taker"';
    const value = rejectContactHeader.decode(text);
    assert.ok(!(value instanceof Malformed));
    assert.equal(rejectContactHeader.encode(value), text);
    assert.ok(rejectContactHeader.decode('x') instanceof Malformed);
    assert.deepEqual([rejectContactHeader.compact, acceptContactHeader.compact], ['j', 'a']);
  });
});
