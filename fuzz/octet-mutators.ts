import type { SeededRandom } from '@opencpm/testkit';

/** Changes one place of an input. `other` is a second input of the corpus, for what is joined from two. */
export type Mutator = (octets: Buffer, random: SeededRandom, other: Buffer) => Buffer;

/** Octets that mean something to a grammar or to a number of eight bits. */
const interestingOctets: readonly number[] = [
  ...Buffer.from('\0\t\n\r "%&\'()*+,-./:;<=>?@[\\]^_`{|}~019AZaz\x7f\x80\xbf\xc0\xe2\xff', 'latin1'),
];

/** Pieces that grammars of SIP, CPIM, MIME and XML stumble over, more often than chance would bring them. */
const snippets: readonly Buffer[] = [
  ...[
    '\r\n',
    '\n',
    '\r',
    '\r\n\r\n',
    '\r\n ',
    ' \r\n\t',
    ':',
    ';',
    ',',
    ',,',
    '"',
    '\\',
    '\\"',
    '<',
    '>',
    '<<',
    '>>',
    '<sip:',
    '@',
    '%00',
    '%',
    '%zz',
  ],
  ...[
    '*',
    '?',
    '[',
    ']',
    '[::1]',
    '[:::]',
    ';;',
    ';=',
    ';tag=',
    ';tag',
    ';lr',
    '=',
    '""',
    '"\\',
    'SIP/2.0',
    'SIP/3.0',
    'sip:',
    'sips:',
    'tel:+',
    'urn:x:y',
  ],
  ...[
    '--b',
    '--b--',
    '\r\n--b\r\n',
    '<!DOCTYPE a [<!ENTITY b "c">]>',
    '<![CDATA[',
    ']]>',
    '&amp;',
    '&#0;',
    '&#x110000;',
    '<?xml',
    '<a/>',
    'é',
    '\u{1f600}',
    '\ud800',
  ],
  ...[
    '\\u0000',
    '\\r\\n',
    'NS: ',
    'imdn.',
    'Content-Length: 0\r\n',
    'z9hG4bK',
    '0',
    '-1',
    '4294967296',
    'NaN',
    'Infinity',
    '__proto__',
    'constructor',
  ],
].map((text) => Buffer.from(text));

export const octetMutators: readonly Mutator[] = [
  flipBit,
  setOctet,
  cutChunk,
  doubleChunk,
  repeatChunk,
  moveChunk,
  insertSnippet,
  insertSnippet,
  splice,
  cutOff,
];

function flipBit(octets: Buffer, random: SeededRandom): Buffer {
  return withOctet(octets, random, (octet) => octet ^ (1 << random.integer(8)));
}

function setOctet(octets: Buffer, random: SeededRandom): Buffer {
  return withOctet(octets, random, () => random.pick(interestingOctets));
}

function withOctet(octets: Buffer, random: SeededRandom, change: (octet: number) => number): Buffer {
  const changed = Buffer.from(octets);
  const at = placeIn(octets, random);
  if (at < changed.length) changed[at] = change(changed[at] ?? 0);
  return changed;
}

function cutChunk(octets: Buffer, random: SeededRandom): Buffer {
  const [start, end] = chunkOf(octets, random);
  return Buffer.concat([octets.subarray(0, start), octets.subarray(end)]);
}

function doubleChunk(octets: Buffer, random: SeededRandom): Buffer {
  const [start, end] = chunkOf(octets, random);
  return Buffer.concat([octets.subarray(0, end), octets.subarray(start)]);
}

/** The same few octets some hundred times: what takes a time that grows with the square of it shows. */
function repeatChunk(octets: Buffer, random: SeededRandom): Buffer {
  const start = placeIn(octets, random);
  const chunk = octets.subarray(start, start + 1 + random.integer(8));
  return Buffer.concat([octets.subarray(0, start), ...Array.from({ length: random.integer(300) }, () => chunk), octets.subarray(start)]);
}

function moveChunk(octets: Buffer, random: SeededRandom): Buffer {
  const [start, end] = chunkOf(octets, random);
  const rest = Buffer.concat([octets.subarray(0, start), octets.subarray(end)]);
  const to = placeIn(rest, random);
  return Buffer.concat([rest.subarray(0, to), octets.subarray(start, end), rest.subarray(to)]);
}

function insertSnippet(octets: Buffer, random: SeededRandom): Buffer {
  const at = placeIn(octets, random);
  return Buffer.concat([octets.subarray(0, at), random.pick(snippets), octets.subarray(random.chance(0.5) ? at : at + 1)]);
}

function splice(octets: Buffer, random: SeededRandom, other: Buffer): Buffer {
  return Buffer.concat([octets.subarray(0, placeIn(octets, random)), other.subarray(placeIn(other, random))]);
}

function cutOff(octets: Buffer, random: SeededRandom): Buffer {
  return octets.subarray(0, placeIn(octets, random));
}

function placeIn(octets: Buffer, random: SeededRandom): number {
  return random.integer(octets.length + 1);
}

/** Where a chunk begins and ends: short ones more often than long ones. */
function chunkOf(octets: Buffer, random: SeededRandom): readonly [number, number] {
  const start = placeIn(octets, random);
  return [start, Math.min(octets.length, start + 1 + random.integer(random.pick([4, 16, 64, 512])))];
}
