import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defaultParseLimits } from './limits.ts';
import type { SipRequest } from './message.ts';
import { portableOctets } from './octets.ts';
import { type ParseResult, parseMessage } from './parse.ts';

const octetsOf = (text: string): Uint8Array => portableOctets.encode(text);
const parse = (text: string): ParseResult => parseMessage(octetsOf(text), portableOctets);

const answerable = 'Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\nCall-ID: 1\r\nCSeq: 1 MESSAGE\r\n';

function messageOf(text: string) {
  const result = parse(text);
  assert.equal(result.kind, 'message', JSON.stringify(result));
  return result.message;
}

function refusalOf(text: string): string {
  const result = parse(text);
  assert.equal(result.kind, 'malformed', text);
  return `${result.status} ${result.partial === undefined ? 'silent' : 'answered'}`;
}

describe('parseMessage: start lines', () => {
  it('reads a request', () => {
    const message = messageOf(`MESSAGE sip:b@h;user=phone SIP/2.0\r\n${answerable}\r\nHello`);
    assert.ok(message.kind === 'request');
    assert.deepEqual([message.method, message.uri, message.headers.raw.length], ['MESSAGE', 'sip:b@h;user=phone', 5]);
    assert.equal(portableOctets.decode(message.body, 0, message.body.length), 'Hello');
  });

  it('reads a response, with and without a reason', () => {
    for (const [line, status, reason] of [
      ['SIP/2.0 200 OK', 200, 'OK'],
      ['SIP/2.0 699 Not \xc3\xa9 known', 699, 'Not \xc3\xa9 known'],
      ['SIP/2.0 100 ', 100, ''],
      ['sip/2.0 183', 183, ''],
    ] as const) {
      const message = messageOf(`${line}\r\n\r\n`);
      assert.ok(message.kind === 'response', line);
      assert.deepEqual([message.status, message.reason], [status, reason]);
    }
  });

  it('refuses a request line that is not exactly METHOD SP URI SP SIP/2.0, with 400', () => {
    for (const line of [
      'MESSAGE  sip:b@h SIP/2.0',
      'MESSAGE sip:b@h  SIP/2.0',
      'MESSAGE sip:b@h SIP/2.0 ',
      'MESSAGE sip:b@h; lr SIP/2.0',
      'MESSAGE sip:b\t@h SIP/2.0',
      'MESSAGE sip:b\x00@h SIP/2.0',
    ]) {
      assert.equal(refusalOf(`${line}\r\n${answerable}\r\n`), '400 answered', line);
    }
  });

  it('does not answer what is no SIP request at all', () => {
    for (const line of ['GET / HTTP/1.1', 'MESSAGE sip:b@h', '', ' MESSAGE sip:b@h SIP/2.0', 'ME"SAGE sip:b@h SIP/2.0']) {
      assert.equal(refusalOf(`x${line}\r\n${answerable}\r\n`.slice(1)).endsWith('silent'), line !== ' MESSAGE sip:b@h SIP/2.0', line);
    }
  });

  it('answers 505 to another version', () => {
    assert.equal(refusalOf(`MESSAGE sip:b@h SIP/7.0\r\n${answerable}\r\n`), '505 answered');
  });

  it('drops a status line that is none', () => {
    for (const line of [
      'SIP/2.0 20 OK',
      'SIP/2.0 2000 OK',
      'SIP/2.0 099 x',
      'SIP/2.0 700 x',
      'SIP/2.0 2x0 OK',
      'SIP/3.0 200 OK',
      'SIP/2.0  200 OK',
      'SIP/2.0',
    ]) {
      assert.equal(refusalOf(`${line}\r\n${answerable}\r\n`), '400 silent', line);
    }
  });

  it('ignores line ends before the start line (RFC 3261 §7.5)', () => {
    assert.equal(messageOf(`\r\n\r\nSIP/2.0 200 OK\r\n\r\n`).kind, 'response');
  });

  it('takes line ends alone for a keep-alive', () => {
    for (const text of ['', '\r\n', '\r\n\r\n']) assert.equal(parse(text).kind, 'keep-alive');
  });
});

describe('parseMessage: headers', () => {
  it('keeps every line as it came and finds it by long, compact and any-case name', () => {
    const lines = ['TO :\r\n sip:a@h ;\ttag = 1', 'm:<sip:a@h>', 'X-Odd:', 'NewHeader:\t a\r\n\tb  ', 'call-ID:1'];
    const { headers } = messageOf(`OPTIONS sip:h SIP/2.0\r\n${lines.join('\r\n')}\r\n\r\n`);
    assert.deepEqual(
      headers.lines.map((line) => line.line),
      lines,
    );
    assert.deepEqual(
      headers.raw.map(({ name, key, value }) => [name, key, value]),
      [
        ['TO', 'to', 'sip:a@h ;\ttag = 1'],
        ['m', 'contact', '<sip:a@h>'],
        ['X-Odd', 'x-odd', ''],
        ['NewHeader', 'newheader', 'a\r\n\tb'],
        ['call-ID', 'call-id', '1'],
      ],
    );
    assert.equal(headers.text('Contact'), '<sip:a@h>');
    assert.equal(headers.text('t'), 'sip:a@h ;\ttag = 1');
  });

  it('carries a line along that is no header', () => {
    const { headers } = messageOf('OPTIONS sip:h SIP/2.0\r\nno colon here\r\nbad name: 1\r\n: 2\r\nGood: 3\r\n\r\n');
    assert.deepEqual(
      headers.lines.map((line) => [line.line, line.key]),
      [
        ['no colon here', ''],
        ['bad name: 1', ''],
        [': 2', ''],
        ['Good: 3', 'good'],
      ],
    );
    assert.equal(headers.has(''), false);
  });

  it('refuses a lone CR or LF, which another element might take for a line end', () => {
    for (const line of ['A: 1\nB: 2', 'A: 1\rB: 2', 'A: 1\n', '\rA: 1', 'A: 1\r\r\n B']) {
      assert.equal(refusalOf(`OPTIONS sip:h SIP/2.0\r\n${answerable}${line}\r\n\r\n`), '400 silent', JSON.stringify(line));
    }
  });

  it('refuses a head without its empty line', () => {
    const whole = `OPTIONS sip:h SIP/2.0\r\n${answerable}\r\n`;
    for (let length = 1; length < whole.length; length += 1) assert.equal(parse(whole.slice(0, length)).kind, 'malformed');
    assert.equal(parse(whole).kind, 'message');
  });

  it('answers 513 to too many headers and to a head that is too large', () => {
    const limits = { ...defaultParseLimits, maximumHeaders: 3, maximumHeadOctets: 100 };
    const many = parseMessage(octetsOf('OPTIONS sip:h SIP/2.0\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n'), portableOctets, limits);
    const large = parseMessage(octetsOf(`OPTIONS sip:h SIP/2.0\r\nA: ${'1'.repeat(100)}\r\n\r\n`), portableOctets, limits);
    assert.deepEqual([many.kind, large.kind], ['malformed', 'malformed']);
    assert.deepEqual([many.kind === 'malformed' && many.status, large.kind === 'malformed' && large.status], [513, 513]);
  });

  it('reads a head that is larger than what is decoded at first', () => {
    const value = 'v'.repeat(9000);
    assert.equal(messageOf(`OPTIONS sip:h SIP/2.0\r\nX-A: ${value}\r\n\r\nbody`).body.length, 4);
    assert.equal(messageOf(`OPTIONS sip:h SIP/2.0\r\nX-A: ${value}\r\n\r\nbody`).headers.text('x-a'), value);
  });
});

describe('parseMessage: bodies', () => {
  const withLength = (length: string, body: string): string => `MESSAGE sip:b@h SIP/2.0\r\n${answerable}${length}\r\n${body}`;

  it('takes the rest of the datagram without Content-Length, and cuts it off with a shorter one (RFC 3261 §18.3)', () => {
    assert.equal(messageOf(withLength('', 'Hello')).body.length, 5);
    assert.equal(messageOf(withLength('l: 4\r\n', 'Hello')).body.length, 4);
    assert.equal(messageOf(withLength('Content-Length: 0\r\n', 'Hello')).body.length, 0);
    assert.equal(messageOf(withLength('Content-Length: 5\r\nl: 5\r\n', 'Hello')).body.length, 5);
  });

  it('shares the memory of the datagram', () => {
    const octets = octetsOf(withLength('', 'Hello'));
    const result = parseMessage(octets, portableOctets);
    assert.ok(result.kind === 'message');
    assert.equal(result.message.body.buffer, octets.buffer);
  });

  it('answers 400 to a Content-Length that is too long, no number or not agreed on', () => {
    for (const length of [
      'l: 6\r\n',
      'l: -1\r\n',
      'l: five\r\n',
      'l:\r\n',
      'l: 5, 5\r\n',
      'l: 5\r\nContent-Length: 4\r\n',
      'l: 1e0\r\n',
      'l: 99999999999999999999\r\n',
    ]) {
      assert.equal(refusalOf(withLength(length, 'Hello')), '400 answered', length);
    }
  });

  it('drops a response with such a Content-Length', () => {
    assert.equal(refusalOf(`SIP/2.0 200 OK\r\n${answerable}l: 6\r\n\r\nHello`), '400 silent');
  });

  it('answers 413 to a body above the limit', () => {
    const result = parseMessage(octetsOf(withLength('', 'Hello')), portableOctets, { ...defaultParseLimits, maximumBodyOctets: 4 });
    assert.ok(result.kind === 'malformed' && result.partial !== undefined);
    assert.equal(result.status, 413);
  });

  it('gives a partial request only when it can be answered', () => {
    for (const line of answerable.split('\r\n').filter((each) => each !== '')) {
      const withoutOne = answerable.replace(`${line}\r\n`, '');
      assert.equal(refusalOf(`MESSAGE sip:b@h SIP/2.0\r\n${withoutOne}l: x\r\n\r\n`), '400 silent', line);
    }
    const result = parse(`MESSAGE sip:b@h SIP/2.0\r\n${answerable}l: x\r\n\r\n`);
    const partial: SipRequest | undefined = result.kind === 'malformed' ? result.partial : undefined;
    assert.deepEqual([partial?.method, partial?.uri, partial?.headers.text('Call-ID')], ['MESSAGE', 'sip:b@h', '1']);
  });
});
