import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type FrameEvent, StreamFramer } from './framer.ts';
import { defaultParseLimits } from './limits.ts';
import { portableOctets } from './octets.ts';

const octetsOf = (text: string): Uint8Array => portableOctets.encode(text);
const textOf = (octets: Uint8Array): string => portableOctets.decode(octets, 0, octets.length);

const anyOctets = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join('');
const first = `MESSAGE sip:bob@home1.example SIP/2.0\r\nCall-ID: 1\r\nl: 264\r\n\r\n\r\n\r\n${anyOctets}\r\n\r\n`;
const second = 'SIP/2.0 200 OK\r\nCall-ID: 2\r\nContent-Length:\r\n  0\r\n\r\n';
const third = 'OPTIONS sip:home1.example SIP/2.0\r\nX-Content-Length: 9\r\nCONTENT-LENGTH : 3\r\n\r\nabc';
const stream = octetsOf(`\r\n${first}${second}\r\n\r\n\r\n\r\n${third}\r\n${second}\r\n\r\n`);

const expected = [first, second, 'ping', 'ping', third, second, 'ping'];

/** Copies what it is given, as a driver may reuse its memory. */
function eventsOf(...pieces: readonly Uint8Array[]): readonly string[] {
  const framer = new StreamFramer(portableOctets);
  return pieces.flatMap((piece) => framer.push(piece.slice()).map(nameOf));
}

function nameOf(event: FrameEvent): string {
  return event.kind === 'frame' ? textOf(event.octets) : event.kind;
}

describe('StreamFramer', () => {
  it('cuts a stream into messages and pings (RFC 3261 §18.3, RFC 5626 §3.5.1)', () => {
    assert.deepEqual(eventsOf(stream), expected);
  });

  it('gives the same events wherever the stream is cut in two', () => {
    for (let cut = 0; cut <= stream.length; cut += 1) {
      assert.deepEqual(eventsOf(stream.subarray(0, cut), stream.subarray(cut)), expected, `cut at ${cut}`);
    }
  });

  it('gives the same events octet by octet, and in pieces of every small size', () => {
    for (const size of [1, 2, 3, 5, 7, 64]) {
      const pieces: Uint8Array[] = [];
      for (let start = 0; start < stream.length; start += size) pieces.push(stream.subarray(start, start + size));
      assert.deepEqual(eventsOf(...pieces), expected, `pieces of ${size}`);
    }
  });

  it('keeps frames intact when later octets come', () => {
    const framer = new StreamFramer(portableOctets);
    const frames: Uint8Array[] = [];
    for (let round = 0; round < 3; round += 1) {
      for (const octet of stream) {
        for (const event of framer.push(Uint8Array.of(octet))) if (event.kind === 'frame') frames.push(event.octets);
      }
      framer.push(octetsOf('\r\n\r\n'));
    }
    const messages = expected.filter((event) => event !== 'ping');
    assert.deepEqual(frames.map(textOf), [...messages, ...messages, ...messages]);
  });

  it('stops at a head above the limit: 513, whether it ends or not', () => {
    const limits = { ...defaultParseLimits, maximumHeadOctets: 60 };
    for (const text of ['A'.repeat(61), `${'A'.repeat(70)}\r\n\r\n`]) {
      assert.deepEqual(new StreamFramer(portableOctets, limits).push(octetsOf(text)), [{ kind: 'too-large', status: 513 }]);
    }
    const fitting = octetsOf(`${'A'.repeat(37)}\r\nContent-Length: 0\r\n\r\n`);
    assert.equal(fitting.length, 60);
    assert.equal(new StreamFramer(portableOctets, limits).push(fitting)[0]?.kind, 'frame');
  });

  it('stops at a body above the limit: 413, with the head to answer from', () => {
    const head = 'MESSAGE sip:a@b SIP/2.0\r\nContent-Length: 1000001\r\n\r\n';
    const [event, ...others] = new StreamFramer(portableOctets).push(octetsOf(`${head}abc`));
    assert.ok(event?.kind === 'too-large' && event.head !== undefined);
    assert.deepEqual([event.status, textOf(event.head), others], [413, head, []]);
  });

  it('is broken by a Content-Length that is missing, no number or not agreed on', () => {
    for (const lines of ['', 'Content-Length: x\r\n', 'Content-Length: -1\r\n', 'l: 1\r\nContent-Length: 2\r\n']) {
      const framer = new StreamFramer(portableOctets);
      const [event] = framer.push(octetsOf(`OPTIONS sip:a SIP/2.0\r\n${lines}\r\n`));
      assert.ok(event?.kind === 'broken' && event.head !== undefined, lines);
      assert.deepEqual(framer.push(octetsOf(second)), [], 'nothing comes after it');
    }
  });

  it('is broken at once by what begins no message', () => {
    for (const text of ['\x16\x03\x01', '\n', '\r\r', '\r\n\r\r', '\r\n\rX', ' OPTIONS', '\0\0\0\0']) {
      for (const pieces of [[text], text.split('')]) {
        const framer = new StreamFramer(portableOctets);
        const events = pieces.flatMap((piece) => framer.push(octetsOf(piece)));
        assert.deepEqual(events.map(nameOf), ['broken'], JSON.stringify(text));
      }
    }
  });

  it('searches a long head once, however small the pieces', () => {
    const head = `OPTIONS sip:a SIP/2.0\r\nX: ${'y'.repeat(60_000)}\r\nContent-Length: 0\r\n\r\n`;
    const framer = new StreamFramer(portableOctets);
    let frames = 0;
    for (const octet of octetsOf(head)) frames += framer.push(Uint8Array.of(octet)).length;
    assert.equal(frames, 1);
  });
});
