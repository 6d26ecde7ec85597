import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, it } from 'node:test';
import { world } from '../node/test-support/endpoint-world.ts';
import { checkRequest } from './check-request.ts';
import { contactHeader } from './headers/contact.ts';
import { viaHeader } from './headers/via.ts';
import { responseTo } from './message.ts';
import { portableOctets } from './octets.ts';
import { parseMessage } from './parse.ts';
import { serializeMessage } from './serialize.ts';

/** `accepted`, `refused <status>`, or `dropped` for what cannot even be answered. */
type Outcome = string;

interface Exception {
  readonly outcome: Outcome;
  readonly because: string;
}

type Exceptions = Readonly<Record<string, Exception>>;

const refused = (because: string): Exception => ({ outcome: 'refused 400', because });
const dropped = (because: string): Exception => ({ outcome: 'dropped', because });
const accepted = (because: string): Exception => ({ outcome: 'accepted', because });

/** RFC 4475 cases that the folder `invalid` holds and that are no fault of the message syntax. */
const rfc4475: Exceptions = {
  'badbranch.dat': accepted('RFC 4475 §3.2.1: a matter of the transaction layer, which takes such a branch for none'),
  'bext01.dat': accepted('RFC 4475 §3.3.5: well formed; the procedure answers 420'),
  'cparam02.dat': accepted('RFC 4475 §3.3.13: well formed'),
  'invut.dat': accepted('RFC 4475 §3.3.6: well formed; the procedure answers 415'),
  'regbadct.dat': accepted('RFC 4475 §3.1.2.13: the Contact is malformed, which the registrar answers'),
  'sdp01.dat': accepted('RFC 4475 §3.3.15: well formed; the procedure answers 406'),
  'unksm2.dat': accepted('RFC 4475 §3.3.4: well formed; the registrar answers 416 or 404'),
  'badvers.dat': { outcome: 'refused 505', because: 'another version' },
  'baddn.dat': dropped('the file lacks the empty line, so that no head is there to answer'),
};

const rfc5118: Exceptions = {
  'rfc5118-L0293.sip': refused('the file lost its last line end, so that the body is shorter than Content-Length says'),
};

const torture: Exceptions = {
  'resip-torture-L0378.sip': refused('a blank behind the request line, which RFC 4475 §3.1.2.10 lets a server refuse'),
  'resip-torture-L0509.sip': refused('a blank behind the request line, which RFC 4475 §3.1.2.10 lets a server refuse'),
  'resip-torture-L0689.sip': refused('no From, To and Call-ID'),
  'resip-torture-L0758.sip': refused('two From'),
};

const misc: Exceptions = {
  'resiprocate/testSipMessage-L0373.sip': refused('CSeq names another method'),
  'resiprocate/testSipMessage-L1419.sip': refused('no Via'),
  'kamailio/bad_uri.sip': refused('no Via'),
  'kamailio/bad_via2.sip': dropped('SIP/2.0/UDP is no version'),
  'kamailio/inv_srv.sip': refused('no To'),
  'kamailio/invite1.sip': refused('no To'),
  'kamailio/invite4-cseq.sip': refused('no method in CSeq'),
  'kamailio/invite6-badbranch-via.sip': refused('a branch without a value'),
  'kamailio/message.sip': refused('the body is shorter than Content-Length says'),
  'kamailio/no_eom_reply.sip': dropped('no empty line'),
  'kamailio/req-tm1.sip': refused('two blanks in the request line'),
  'kamailio/req2.sip': refused('no From'),
  'kamailio/rport.sip': dropped('no Call-ID, and the body is shorter than Content-Length says'),
  'kamailio/short_nonce.sip': dropped('no empty line'),
  'sofia/10052.txt': refused('the body is shorter than Content-Length says'),
  'sofia/own8.txt': dropped('no empty line'),
  'sofia/test1.txt': dropped('no empty line'),
  'sofia/test10b.txt': dropped('no empty line'),
  'sofia/test11.txt': refused('no From'),
  'sofia/test16.txt': refused('the body is shorter than Content-Length says'),
  'sofia/test1a.txt': refused('the line of To begins with a blank and so belongs to the request line'),
  'sofia/test20.txt': refused('a blank in the Request-URI'),
  'sofia/test22.txt': refused('a blank in the Request-URI'),
  'sofia/test35.txt': refused('two To'),
  'sofia/test40.txt': refused('a comma in a display name without quotes'),
  'sofia/test42.txt': { outcome: 'refused 505', because: 'another version' },
  'belle-sip/belle_sip_message_tester-L0145.sip': refused('the body is shorter than Content-Length says'),
  'belle-sip/belle_sip_message_tester-L0530.sip': refused('CSeq names another method'),
  'doubango/test_sipmessages-L0026.sip': refused('the body is shorter than Content-Length says'),
  ...Object.fromEntries([1, 3, 5, 7, 9, 11].map((number) => [`sofia-sdp/message-${number}.sdp`, dropped('SDP alone')])),
  'pjproject/msg_test-L2159.sip': dropped('a response with a Content-Length that is no number'),
};

const ownCorpora = join(import.meta.dirname, 'corpora');
const sharedCorpora = process.env.OPENCPM_CORPORA ?? join(import.meta.dirname, '../../../../../shared/corpora');

describe('messages that others wrote', () => {
  runFolder(join(ownCorpora, 'rfc4475/valid'), {}, 'accepted');
  runFolder(join(ownCorpora, 'rfc4475/invalid'), rfc4475, 'refused 400');
  runFolder(join(sharedCorpora, 'sip-ipv6-rfc5118'), rfc5118, 'accepted');
  runFolder(join(sharedCorpora, 'sip-torture-draft'), torture, 'accepted');
  runFolder(join(sharedCorpora, 'sip-parser-misc'), misc, 'accepted');
  // Profiles of users as an HSS keeps them: XML and no messages, which nobody here reads.
  runFolder(join(sharedCorpora, 'ims-profile'), {}, 'dropped');
});

/** Every file has the usual outcome, or exactly the one it is listed with. */
function runFolder(folder: string, exceptions: Exceptions, usual: Outcome): void {
  if (!existsSync(folder)) {
    it(`messages in ${basename(folder)}`, { skip: 'not here: set OPENCPM_CORPORA to the folder that holds the corpora' });
    return;
  }
  const files = messageFiles(folder);
  for (const file of files) {
    const expected = exceptions[file];
    const title = expected === undefined ? `${file}: ${usual}` : `${file}: ${expected.outcome}, because: ${expected.because}`;
    it(title, () => runFile(readFileSync(join(folder, file)), expected?.outcome ?? usual));
    it(`${file} at an endpoint`, () => answerFile(readFileSync(join(folder, file)), expected?.outcome ?? usual));
  }
  it(`every exception of ${folder.split('/').slice(-2).join('/')} names a file`, () => {
    assert.deepEqual(
      Object.keys(exceptions).filter((file) => !files.includes(file)),
      [],
    );
  });
}

function messageFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    ['.dat', '.sip', '.txt', '.sdp', '.xml'].some((end) => file.endsWith(end)),
  );
}

function runFile(stored: Buffer, expected: Outcome): void {
  const octets = withCr(stored);
  if (octets !== stored) assert.notEqual(outcomeOf(stored), 'accepted', 'a head with lone LF is refused');
  assert.equal(outcomeOf(octets), expected);
  if (expected === 'accepted') assertSurvives(octets);
}

/** Some files lost the CR of their line ends on the way to us. */
function withCr(stored: Buffer): Buffer {
  const text = stored.toString('latin1');
  const head = text.slice(0, text.includes('\r\n\r\n') ? text.indexOf('\r\n\r\n') : text.length);
  if (!head.replaceAll('\r\n', '').includes('\n')) return stored;
  return Buffer.from(text.replaceAll('\r\n', '\n').replaceAll('\r', '\n').replaceAll('\n', '\r\n'), 'latin1');
}

/** What an endpoint sends to it: one right answer to what can be answered, nothing to the rest, and no fault. */
async function answerFile(stored: Buffer, expected: Outcome): Promise<void> {
  const octets = withCr(stored);
  const { network, flow, endpoint, events } = await world();
  endpoint.onRequest = (transaction) => transaction.respond(responseTo(transaction.request, 200, { toTag: 'a' }));
  network.deliver(octets.toString('latin1'), flow);
  const answers = network.take().map(({ text }) => parseMessage(portableOctets.encode(text), portableOctets));
  const statuses = answers.map((answer) =>
    answer.kind === 'message' && answer.message.kind === 'response' ? answer.message.status : answer,
  );
  const read = parseMessage(octets, portableOctets);
  const isRequest = read.kind === 'message' && read.message.kind === 'request' && read.message.method !== 'ACK';
  // Without these two nobody would know what the answer belongs to.
  const isAnswerable = read.kind !== 'message' || (read.message.headers.has('Via') && read.message.headers.has('CSeq'));
  if (expected.startsWith('refused') && isAnswerable) assert.deepEqual(statuses, [Number(expected.split(' ')[1])]);
  else if (expected === 'accepted' && isRequest)
    assert.ok(statuses.length === 1 && [200, 405, 481].includes(Number(statuses[0])), String(statuses));
  else assert.deepEqual(statuses, []);
  assert.deepEqual(
    events.filter((event) => !event.startsWith('stray')),
    [],
  );
}

function outcomeOf(octets: Uint8Array): Outcome {
  const result = parseMessage(octets, portableOctets);
  if (result.kind === 'keep-alive') return 'keep-alive';
  if (result.kind === 'malformed') return result.partial === undefined ? 'dropped' : `refused ${result.status}`;
  const problem = result.message.kind === 'request' ? checkRequest(result.message) : undefined;
  return problem === undefined ? 'accepted' : `refused ${problem.status}`;
}

/** What was read and written again holds every octet of every header, Content-Length aside. */
function assertSurvives(octets: Uint8Array): void {
  const first = parseMessage(octets, portableOctets);
  assert.equal(first.kind, 'message');
  const second = parseMessage(serializeMessage(first.message, portableOctets), portableOctets);
  assert.equal(second.kind, 'message');
  const linesOf = (message: typeof first.message) =>
    message.headers.lines.filter((line) => line.key !== 'content-length').map((line) => line.line);
  assert.deepEqual(linesOf(second.message), linesOf(first.message));
  assert.deepEqual([...second.message.body], [...first.message.body]);
}

describe('what RFC 4475 asks beyond accepting', () => {
  it('finds every Via of wsinv, folded and in compact form (RFC 4475 §3.1.1.1)', () => {
    const vias = own('rfc4475/valid/wsinv.dat').headers.all(viaHeader);
    assert.deepEqual(
      vias.value?.map((via) => `${via.transport} ${via.host} ${via.branch}`),
      ['UDP 192.0.2.2 390skdjuw', 'TCP spindle.example.com z9hG4bK9ikj8', 'UDP 192.168.255.111 z9hG4bK30239'],
    );
  });

  it('does not take an escaped header name for the name (RFC 4475 §3.1.1.5)', () => {
    assert.equal(own('rfc4475/valid/esc02.dat').headers.all(contactHeader).value?.length, 2);
  });

  it('gives only the first request of dblreq (RFC 4475 §3.1.1.8)', () => {
    assert.equal(own('rfc4475/valid/dblreq.dat').body.length, 0);
  });

  it('finds the Contact of regbadct malformed (RFC 4475 §3.1.2.13)', () => {
    assert.equal(own('rfc4475/invalid/regbadct.dat').headers.get(contactHeader).kind, 'malformed');
  });

  it('keeps the value of a contact parameter behind the URI in cparam02 out of the header (RFC 4475 §3.3.13)', () => {
    const contact = own('rfc4475/invalid/cparam02.dat').headers.value(contactHeader);
    assert.ok(contact !== undefined && contact !== '*' && contact.uri.kind === 'sip');
    assert.equal(contact.uri.parameters.get('unknownparam'), true);
    assert.equal(contact.parameters.has('unknownparam'), false);
  });
});

function own(file: string) {
  const result = parseMessage(readFileSync(join(ownCorpora, file)), portableOctets);
  assert.equal(result.kind, 'message');
  return result.message;
}
