/** The framing of streams: whole, in random pieces, with the usual limits and with narrow ones. */
import assert from 'node:assert/strict';
import { defaultParseLimits, type FrameEvent, type ParseLimits, StreamFramer } from '@opencpm/sip';
import type { SeededRandom } from '@opencpm/testkit';
import { octetsIn } from '../answer-oracle.ts';
import { CountingOctets } from '../counting-octets.ts';
import { withRightLength } from '../message-mutators.ts';
import { rough } from '../mutate.ts';
import { anyMessages } from '../seeds.ts';
import type { Target } from '../target.ts';

const narrowLimits: ParseLimits = { maximumHeadOctets: 300, maximumHeaders: 10, maximumBodyOctets: 100 };

export const framerTarget: Target = {
  name: 'framer',
  share: 15,
  seeds: anyMessages,
  roughness: [rough],
  casesPerLife: 100_000,
  open: () => Promise.resolve({ run: (octets, _mark, random) => frame(octets, random), end: () => Promise.resolve() }),
};

function frame(octets: Buffer, random: SeededRandom): readonly string[] {
  const stream = streamOf(octets, random);
  const limits = random.chance(0.3) ? narrowLimits : defaultParseLimits;
  const codec = new CountingOctets();
  const whole = new StreamFramer(codec, limits).push(stream).map(textOf);
  codec.assertWithin(stream.length);
  const pieces = new StreamFramer(codec, limits);
  const events = piecesOf(stream, random).flatMap((piece) => pieces.push(piece).map((event) => checked(event, limits)));
  codec.assertWithin(stream.length);
  assert.deepEqual(events, whole, 'the events depend on how the stream was split');
  assert.ok(whole.length <= stream.length, 'more events than octets');
  return [
    whole
      .map((text) => text.split('\n')[0]?.slice(0, 60))
      .slice(-1)
      .join('') || 'nothing yet',
  ];
}

/** The input alone, or between others and pings. */
function streamOf(octets: Buffer, random: SeededRandom): Buffer {
  const parts = [octets];
  while (random.chance(0.4))
    parts.push(random.pick([Buffer.from('\r\n\r\n'), Buffer.from('\r\n'), withRightLength(random.pick(anyMessages)), octets]));
  return Buffer.concat(random.chance(0.5) ? parts : parts.toReversed());
}

function piecesOf(stream: Buffer, random: SeededRandom): readonly Buffer[] {
  const largest = random.pick([1, 3, 50, 1460]);
  const pieces: Buffer[] = [];
  // Octet by octet is for what is short; a long input takes larger pieces.
  const least = Math.ceil(stream.length / 4000);
  for (let start = 0; start < stream.length; ) {
    const end = start + least + random.integer(largest);
    pieces.push(stream.subarray(start, end));
    start = end;
  }
  return pieces;
}

function checked(event: FrameEvent, limits: ParseLimits): string {
  if (event.kind === 'frame')
    assert.ok(event.octets.length <= limits.maximumHeadOctets + limits.maximumBodyOctets, 'a frame past the limits');
  return textOf(event);
}

/** One line that says what it is, then all of it. */
function textOf(event: FrameEvent): string {
  const octets = octetsIn(event);
  const head = event.kind === 'broken' ? `broken ${event.reason}` : event.kind;
  return `${head}\n${octets === undefined ? '' : Buffer.from(octets).toString('latin1')}`;
}
