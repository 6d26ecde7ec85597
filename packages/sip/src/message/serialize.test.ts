import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { viaHeader } from './headers/via.ts';
import { Headers } from './headers.ts';
import { emptyBody, type SipMessage, type SipRequest } from './message.ts';
import { type OctetCodec, portableOctets } from './octets.ts';
import { Parameters } from './parameters.ts';
import { parseMessage } from './parse.ts';
import { serializeMessage } from './serialize.ts';

const octetsOf = (text: string): Uint8Array => portableOctets.encode(text);

function written(message: SipMessage, codec: OctetCodec = portableOctets): string {
  const octets = serializeMessage(message, codec);
  return portableOctets.decode(octets, 0, octets.length);
}

function parsed(text: string): SipMessage {
  const result = parseMessage(octetsOf(text), portableOctets);
  assert.equal(result.kind, 'message');
  return result.message;
}

const request: SipRequest = { kind: 'request', method: 'OPTIONS', uri: 'sip:h', headers: Headers.of(['Call-ID', '1']), body: emptyBody };

describe('serializeMessage', () => {
  it('writes requests and responses, Content-Length behind the other headers', () => {
    assert.equal(written(request), 'OPTIONS sip:h SIP/2.0\r\nCall-ID: 1\r\nContent-Length: 0\r\n\r\n');
    const response: SipMessage = { kind: 'response', status: 200, reason: 'OK', headers: Headers.of(), body: octetsOf('\x00\xff') };
    assert.equal(written(response), 'SIP/2.0 200 OK\r\nContent-Length: 2\r\n\r\n\x00\xff');
  });

  it('writes what it did not change byte for byte', () => {
    const text = 'SIP/2.0 200 \r\nTO :\r\n sip:a@h ;\ttag = 1\r\nno colon\r\nl:  3 \r\nX:\xe9\x80\r\n\r\nabc';
    assert.equal(written(parsed(text)), text);
  });

  it('puts Content-Length right in its place, once', () => {
    const message = parsed('OPTIONS sip:h SIP/2.0\r\nA: 1\r\nl : 2\r\nB: 2\r\nContent-Length: 2\r\nC: 3\r\n\r\nab');
    assert.equal(written({ ...message, body: octetsOf('abc') }), 'OPTIONS sip:h SIP/2.0\r\nA: 1\r\nl: 3\r\nB: 2\r\nC: 3\r\n\r\nabc');
  });

  it('writes headers in their new order after lines were added, dropped and moved', () => {
    const message = parsed('OPTIONS sip:h SIP/2.0\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nl: 0\r\n\r\n');
    const via = { protocol: 'SIP/2.0', transport: 'UDP', host: 'h', parameters: Parameters.empty };
    const headers = message.headers.without('B').prepend(viaHeader, via).with('C', '5').append('E', '6');
    const text = 'OPTIONS sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nA: 1\r\nC: 5\r\nD: 4\r\nl: 0\r\nE: 6\r\n\r\n';
    assert.equal(written({ ...message, headers }), text);
    const reversed = Headers.from([...message.headers.raw].reverse());
    assert.equal(written({ ...message, headers: reversed }), 'OPTIONS sip:h SIP/2.0\r\nl: 0\r\nD: 4\r\nC: 3\r\nB: 2\r\nA: 1\r\n\r\n');
  });

  it('lets nothing in a start line begin a line of its own', () => {
    const response: SipMessage = { kind: 'response', status: 400, reason: 'no\r\nEvil: 1', headers: Headers.of(), body: emptyBody };
    assert.equal(written(response), 'SIP/2.0 400 no Evil: 1\r\nContent-Length: 0\r\n\r\n');
    assert.equal(written({ ...request, uri: 'sip:h\nEvil:\u010d1' }).includes('\nEvil'), false);
  });

  it('needs no more of a codec than decode and encode', () => {
    const least: OctetCodec = { decode: portableOctets.decode, encode: portableOctets.encode };
    const message = { ...request, body: octetsOf('abc') };
    assert.equal(written(message, least), written(message));
  });
});
