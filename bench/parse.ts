/**
 * `npm run bench -- parse`: how many requests one core reads in a second, beside the package `sip` from npm, in one
 * process and by turns. Both get the octets of a datagram and give the headers that routing needs, decoded; ours has
 * also checked the request as every element has to (RFC 3261 §16.3), which the other one leaves to its user.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { checkRequest, parseMessage, routeHeader, type SipRequest } from '@opencpm/sip';
import { nodeOctets } from '@opencpm/sip/node';
import { parse } from 'sip';

/** Different ones, so that nobody gains by remembering the last one. */
const messageCount = 512;
const turnMilliseconds = 250;

const usage = 'usage: npm run bench -- parse [--seconds 10] [--json]';

export async function benchParse(words: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...words], options: { seconds: { type: 'string' }, json: { type: 'boolean' } } });
  const seconds = Number(values.seconds ?? '10');
  if (!(seconds >= 1)) throw new Error(usage);
  const messages = Array.from({ length: messageCount }, (_, number) => message(number));
  const turns = Math.ceil((seconds * 1000) / turnMilliseconds / 2);
  const rates: { own: number; other: number }[] = [];
  // The first turns warm both up.
  for (let turn = -2; turn < turns; turn += 1) {
    const rate = { own: rateOf(readOwn, messages), other: rateOf(readOther, messages) };
    if (turn >= 0) rates.push(rate);
  }
  report({ messages, rates, json: values.json ?? false });
}

interface Result {
  readonly messages: readonly Buffer[];
  readonly rates: readonly { readonly own: number; readonly other: number }[];
  readonly json: boolean;
}

function report({ messages, rates, json }: Result): void {
  const own = median(rates.map((rate) => rate.own));
  const other = median(rates.map((rate) => rate.other));
  const ratio = median(rates.map((rate) => rate.own / rate.other));
  if (json) {
    process.stdout.write(`${JSON.stringify({ figure: 'parse', opencpm_per_s: own, sip_per_s: other, ratio })}\n`);
    return;
  }
  const first = messages[0]?.length ?? 0;
  const lines = [
    `MESSAGE requests of ${first} octets with ${headerCount} headers, read by one core per second of its time (medians of ${rates.length} turns):`,
    `  opencpm  ${formatRate(own)}  (routing headers decoded and checked)`,
    `  sip      ${formatRate(other)}  (routing headers decoded)`,
    `  ratio    ${ratio.toFixed(2)}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Requests per second of processor time, so that who else uses the machine counts less. */
function rateOf(read: (octets: Buffer) => void, messages: readonly Buffer[]): number {
  const until = performance.now() + turnMilliseconds;
  const before = process.threadCpuUsage();
  let count = 0;
  while (performance.now() < until) {
    for (const octets of messages) read(octets);
    count += messages.length;
  }
  const { user, system } = process.threadCpuUsage(before);
  return (count / (user + system)) * 1e6;
}

/** Request-URI, Via, From, To, Call-ID, CSeq and Max-Forwards are decoded by the check. */
function readOwn(octets: Buffer): void {
  const result = parseMessage(octets, nodeOctets);
  if (result.kind !== 'message' || result.message.kind !== 'request') throw new Error('not read as a request');
  assertRoutable(result.message);
}

function assertRoutable(request: SipRequest): void {
  const problem = checkRequest(request);
  if (problem !== undefined) throw new Error(problem.reason);
  if (request.headers.all(routeHeader).kind !== 'value') throw new Error('the Route was not read');
}

/** Its transports hand it a text with one character per octet. */
function readOther(octets: Buffer): void {
  const parsed = parse(octets.toString('latin1'));
  if (parsed?.headers.route === undefined) throw new Error('not read by sip');
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function formatRate(rate: number): string {
  return Math.round(rate).toLocaleString('en').padStart(9);
}

const headerCount = 18;

/** As an edge of an IMS network hands it on. */
function message(number: number): Buffer {
  const [alice, bob] = [`alice${number}`, `bob${number}`];
  const headers = [
    `Via: SIP/2.0/UDP 192.0.2.${number % 250}:5060;branch=z9hG4bK-74bf9-${number};rport`,
    `Via: SIP/2.0/TCP client${number}.example.com:5062;branch=z9hG4bKnashds7-${number};received=198.51.100.7`,
    'Max-Forwards: 69',
    'Route: <sip:edge.example.com;lr>, <sip:orig@core.example.com:5080;transport=tcp;lr>',
    `From: "Alice" <sip:${alice}@cpm.test>;tag=9fxced76sl-${number}`,
    `To: <sip:${bob}@cpm.test>`,
    `Call-ID: 3848276298220188511-${number}@client.example.com`,
    'CSeq: 1 MESSAGE',
    'User-Agent: CPM-client/OMA2.2 bench/1.0',
    `P-Asserted-Identity: <sip:${alice}@cpm.test>`,
    'P-Asserted-Service: urn:urn-7:3gpp-service.ims.icsi.oma.cpm.msg',
    'Accept-Contact: *;+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.msg"',
    `Conversation-ID: f81d4fae-7dec-11d0-a765-${number}`,
    `Contribution-ID: 6e3c0b2a-9a51-4d36-8a77-${number}`,
    'Supported: path, gruu',
    'Allow: MESSAGE, INVITE, ACK, BYE, CANCEL, OPTIONS',
  ];
  const head = [`MESSAGE sip:${bob}@cpm.test;transport=udp SIP/2.0`, ...headers, 'Content-Type: text/plain;charset=UTF-8'].join('\r\n');
  const withoutBody = head.length + 'Content-Length: 999'.length + 6;
  const body = 'x'.repeat(Math.max(0, messageOctets - withoutBody));
  return Buffer.from(`${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`, 'latin1');
}

const messageOctets = 1024;
