/** Mutators that know what a SIP message looks like, so that a changed one comes far into the program. */
import type { SeededRandom } from '@opencpm/testkit';
import type { Mutator } from './octet-mutators.ts';

/** An input in parts: the lines of its head without their ends, and what stands behind the empty line. */
interface Parts {
  readonly lines: readonly string[];
  readonly body: string;
}

/** Around every bound that a program may keep a number in. */
const numbers: readonly string[] = [
  ...[
    '0',
    '1',
    '-1',
    '00000000000000000000001',
    '127',
    '128',
    '255',
    '256',
    '32768',
    '65535',
    '65536',
    '2147483647',
    '2147483648',
    '4294967295',
  ],
  ...[
    '4294967296',
    '9007199254740991',
    '9007199254740992',
    '18446744073709551616',
    '1'.repeat(40),
    '9'.repeat(400),
    '1e9',
    '0x10',
    '1.5',
    '+1',
    ' 1',
    '',
  ],
];

const headerNames: readonly string[] = [
  ...[
    'Via',
    'v',
    'From',
    'f',
    'To',
    't',
    'Call-ID',
    'i',
    'CSeq',
    'Max-Forwards',
    'Contact',
    'm',
    'Content-Type',
    'c',
    'Content-Length',
    'l',
    'Route',
  ],
  ...[
    'Record-Route',
    'Path',
    'Expires',
    'Date',
    'Require',
    'Proxy-Require',
    'Supported',
    'k',
    'Authorization',
    'Proxy-Authorization',
    'Warning',
  ],
  ...[
    'Accept-Contact',
    'a',
    'Reject-Contact',
    'j',
    'Privacy',
    'P-Asserted-Identity',
    'P-Preferred-Identity',
    'P-Asserted-Service',
    'Content-Encoding',
  ],
  ...[
    'Conversation-ID',
    'Contribution-ID',
    'InReplyTo-Contribution-ID',
    'Message-UID',
    'User-Agent',
    'Retry-After',
    'Content-Disposition',
    'Referred-By',
  ],
];

const values: readonly string[] = [
  ...[
    '',
    '*',
    ',',
    ';',
    '"',
    '""',
    '<>',
    '<sip:a@b',
    'sip:a@b>',
    '"a <sip:a@b>',
    'a b c <sip:a@b>',
    '<sip:a@b>;tag',
    '<sip:a@b>;tag=',
    '<sip:a@b>;tag="x"',
  ],
  ...[
    '<sip:a@b>,<sip:c@d>',
    '<tel:+1>',
    '<urn:a:b>',
    '<isbn:1>',
    'sip:a@b?c=d',
    '<sip:%00@b>',
    '<sip:a%@b>',
    '<sip:[::1]>',
    '<sip:[::1>',
    '<sip:a@b:0>',
  ],
  ...[
    '<sip:a@b:65536>',
    'SIP/2.0/UDP',
    'SIP/2.0/UDP a;branch',
    'SIP/2.0/UDP a;branch=;rport=;received=',
    'SIP/2.0/UDP [::1]:5060;maddr=[::2]',
    'SIP / 2.0 / X y:1',
  ],
  ...[
    '1',
    '1 MESSAGE',
    '1 X',
    '4294967296 MESSAGE',
    'text/plain',
    'message/cpim',
    'multipart/mixed;boundary=b',
    'multipart/mixed',
    'message/cpim;charset="',
  ],
  ...[
    'application/pidf+xml',
    '/',
    'a/b;c',
    'gzip',
    'deflate',
    'identity',
    'path',
    'gruu, nothing',
    'Digest',
    'Digest realm="',
    'Digest a=b,,',
    'Basic x',
  ],
  ...[
    'Digest username="alice", realm="cpm.test", nonce="", uri="", response=""',
    'id',
    'none',
    'id;user;header',
    'Sat, 13 Nov 2010 23:29:00 GMT',
    'Sat, 40 Foo 2010',
  ],
  ...[
    '399 a "b"',
    '3990 a b',
    '*;+g.3gpp.icsi-ref="x"',
    '*;require;explicit',
    '*;a="<b>"',
    '<sip:cpm.test;lr>',
    '<sip:other.example;lr>',
    '<sip:10.0.0.1:5060;lr>',
  ],
];

const methods: readonly string[] = ['MESSAGE', 'REGISTER', 'OPTIONS', 'INVITE', 'ACK', 'CANCEL', 'BYE', 'message', 'FOO', '!', 'PUBLISH'];

const uris: readonly string[] = [
  ...[
    'sip:bob@cpm.test',
    'sip:cpm.test',
    'sip:nobody@cpm.test',
    'sip:dave@cpm.test',
    'tel:+15550001',
    'sips:bob@cpm.test',
    'sip:bob@other.example',
    'urn:service:sos',
  ],
  ...[
    'sip:',
    'sip:@',
    'sip:bob@',
    '<sip:bob@cpm.test>',
    'sip:bob@cpm.test?a=b',
    'sip:bob@[::1]',
    'sip:bob@[::::1]',
    'sip:b%6Fb@cpm.test',
    'sip:bob@cpm.test;gr=1',
  ],
  ...[
    'sip:bob@cpm.test;method=REGISTER',
    'sip:bob@cpm.test:99999',
    `sip:${'b'.repeat(5000)}@cpm.test`,
    'im:bob@cpm.test',
    'http://cpm.test/',
    '*',
  ],
];

const changes: readonly ((parts: Parts, random: SeededRandom) => Parts)[] = [
  (parts, random) => withLine(parts, random, (line) => [line, line]),
  (parts, random) => withLine(parts, random, (line) => Array.from({ length: random.pick([3, 40, 300]) }, () => line)),
  (parts, random) => withLine(parts, random, () => []),
  (parts, random) => withLine(parts, random, (line) => [`${line}\r\n ${random.pick(values)}`]),
  (parts, random) => withLine(parts, random, (line) => [line.replace(': ', random.pick([' \t:\r\n  ', ':', ' : ', ':\r\n\t']))]),
  (parts, random) => withLine(parts, random, (line) => [`${random.pick(headerNames)}${line.slice(Math.max(0, line.indexOf(':')))}`]),
  (parts, random) => withLine(parts, random, (line) => [`${line.split(':')[0]}: ${random.pick(values)}`]),
  (parts, random) => withLine(parts, random, (line) => [`${line}${random.pick([',', ';', ' '])}${random.pick(values)}`]),
  (parts, random) => withLine(parts, random, (line) => [line, `${random.pick(headerNames)}: ${random.pick(values)}`]),
  (parts, random) => withLine(parts, random, (line) => [line, `${random.pick(headerNames)}: ${random.pick(values)}`]),
  (parts, random) => withLine(parts, random, (line) => [`${line}${nested(random)}`]),
  (parts, random) => withLine(parts, random, (line) => [repeatedValue(line, random)]),
  (parts, random) => withLine(parts, random, (line) => [withNumber(line, random)]),
  (parts, random) => withLine(parts, random, (line) => [withNumber(line, random)]),
  swapLines,
  dropLineEnd,
  changeStartLine,
  changeStartLine,
];

/** Changes that keep the shape of a head: lines and a body. */
export const messageMutators: readonly Mutator[] = changes.map((change) => (octets, random) => octetsOf(change(partsOf(octets), random)));

/** The body is changed and nothing else: what a sender inside the network can do. */
export function mutateBody(octets: Buffer, random: SeededRandom, mutate: (body: Buffer) => Buffer): Buffer {
  const { lines, body } = partsOf(octets);
  const changed = random.chance(0.2) ? deepBody(Buffer.from(body, 'latin1'), random) : mutate(Buffer.from(body, 'latin1'));
  return octetsOf({ lines, body: changed.toString('latin1') });
}

/** Makes Content-Length right, so that the message gets past the framing. */
export function withRightLength(octets: Buffer): Buffer {
  const { lines, body } = partsOf(octets);
  const rest = lines.filter((line) => !/^(content-length|l)[ \t]*:/i.test(line));
  return octetsOf({ lines: [...rest, `Content-Length: ${body.length}`], body });
}

function partsOf(octets: Buffer): Parts {
  const text = octets.toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  const head = end < 0 ? text : text.slice(0, end);
  return { lines: head.split('\r\n'), body: end < 0 ? '' : text.slice(end + 4) };
}

function octetsOf({ lines, body }: Parts): Buffer {
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1');
}

/** Puts other lines in the place of one header line. */
function withLine(parts: Parts, random: SeededRandom, change: (line: string) => readonly string[]): Parts {
  if (parts.lines.length < 2) return parts;
  const at = 1 + random.integer(parts.lines.length - 1);
  return { ...parts, lines: parts.lines.flatMap((line, index) => (index === at ? change(line) : [line])) };
}

function swapLines(parts: Parts, random: SeededRandom): Parts {
  const from = random.integer(parts.lines.length);
  const to = random.integer(parts.lines.length);
  const lines = [...parts.lines];
  lines[from] = parts.lines[to] ?? '';
  lines[to] = parts.lines[from] ?? '';
  return { ...parts, lines };
}

/** Two lines joined by something that is no CRLF. */
function dropLineEnd(parts: Parts, random: SeededRandom): Parts {
  const at = random.integer(parts.lines.length);
  const between = random.pick(['', '\n', '\r', '\r\r\n', '\n\r', '\0', ' ']);
  const joined = `${parts.lines[at]}${between}${parts.lines[at + 1] ?? ''}`;
  return { ...parts, lines: [...parts.lines.slice(0, at), joined, ...parts.lines.slice(at + 2)] };
}

function changeStartLine(parts: Parts, random: SeededRandom): Parts {
  const [first = '', ...rest] = parts.lines;
  const [method, uri, version] = first.split(' ');
  const changed = random.pick([
    `${random.pick(methods)} ${uri} ${version}`,
    `${method} ${random.pick(uris)} ${version}`,
    `${method} ${random.pick(uris)} ${version}`,
    `${method} ${uri} ${random.pick(['SIP/1.0', 'SIP/2.00', 'sip/2.0', 'HTTP/1.1', 'SIP/2.0 ', '', 'SIP/99999999999.0'])}`,
    `SIP/2.0 ${random.pick(numbers)} ${uri}`,
    `${method}  ${uri} ${version}`,
  ]);
  return { ...parts, lines: [changed, ...rest] };
}

/** One value of a list many times; a value that is long already, a part of it. */
function repeatedValue(line: string, random: SeededRandom): string {
  const begin = line.indexOf(':') + 1;
  const value = line.slice(begin, begin + 1000);
  return `${line},${value}${`,${value}`.repeat(random.pick([2, 20, 1000]))}`;
}

function withNumber(line: string, random: SeededRandom): string {
  const runs = [...line.matchAll(/\d+/g)];
  if (runs.length === 0) return `${line};${random.pick(['q', 'expires', 'rport', 'ttl'])}=${random.pick(numbers)}`;
  const run = random.pick(runs);
  return `${line.slice(0, run.index)}${random.pick(numbers)}${line.slice(run.index + run[0].length)}`;
}

/** Quotes, brackets and escapes inside each other. */
function nested(random: SeededRandom): string {
  const [open, close] = random.pick([
    ['<', '>'],
    ['"', '"'],
    ['(', ')'],
    ['[', ']'],
    ['"\\', '"'],
    [';a="<', '>"'],
    ['\\"', '\\"'],
  ] as const);
  const depth = random.pick([1, 2, 10, 2000]);
  return `${open.repeat(depth)}x${random.chance(0.5) ? close.repeat(depth) : ''}`;
}

/** A body inside bodies inside bodies. */
function deepBody(body: Buffer, random: SeededRandom): Buffer {
  const depth = random.pick([1, 7, 8, 9, 30, 200]);
  const [before, after] = random.pick([
    ['From: <sip:a@b>\r\nTo: <sip:c@d>\r\n\r\nContent-Type: message/cpim\r\n\r\n', ''],
    ['--b\r\nContent-Type: multipart/mixed;boundary=b\r\n\r\n', '\r\n--b--\r\n'],
    [
      '--b\r\nContent-Type: message/cpim\r\n\r\nFrom: <sip:a@b>\r\nTo: <sip:c@d>\r\n\r\nContent-Type: multipart/mixed;boundary=b\r\n\r\n',
      '\r\n--b--\r\n',
    ],
    ['<imdn xmlns="urn:ietf:params:xml:ns:imdn">', '</imdn>'],
    ['--b\r\n\r\n', ''],
  ] as const);
  return Buffer.concat([Buffer.from(before.repeat(depth)), body, Buffer.from(after.repeat(depth))]);
}
