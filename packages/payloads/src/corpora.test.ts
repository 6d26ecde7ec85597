import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { contentType, mediaType } from './content-type.ts';
import type { CpimMessage } from './cpim.ts';
import { formatCpim, parseCpim } from './cpim.ts';
import { dateTime, fromAddress, header, imdnMessageId, namespaces, subjects, toAddresses } from './cpim-access.ts';
import { dispositionNotifications } from './disposition-notification.ts';
import { scanHeaderBlock } from './header-block.ts';
import { parseImdn } from './imdn.ts';
import type { MimeEntity } from './mime-entity.ts';
import { contentTypeOf } from './mime-entity.ts';
import { formatMultipart, leafEntities, parseMultipart } from './multipart.ts';
import { decodeText } from './octets.ts';

const own = new URL('../corpora/', import.meta.url);
const configured = process.env.OPENCPM_CORPORA;
const shared = configured === undefined ? new URL('../../../../shared/corpora/', import.meta.url) : pathToFileURL(`${configured}/`);
const cpimFolder = new URL('cpim-imdn/', shared);
const mimeFolder = new URL('imap/mime/', shared);
const notHere = 'corpora not here';
const withCpim = { skip: existsSync(cpimFolder) ? false : notHere };
const withMime = { skip: existsSync(mimeFolder) ? false : notHere };

function octetsOf(folder: URL, file: string): Uint8Array {
  return readFileSync(new URL(file, folder));
}

function cpimOf(octets: Uint8Array): CpimMessage {
  const message = parseCpim(octets);
  assert.ok(message.kind === 'cpim', JSON.stringify(message));
  return message;
}

test('the message of a handset, with its lower-case MIME headers, is read and written as it came', () => {
  const octets = octetsOf(own, 'android-rcs-CpimParserTest-L0025.cpim');
  const message = cpimOf(octets);
  assert.deepEqual(fromAddress(message), { uri: 'sip:anonymous@anonymous.invalid' });
  assert.equal(imdnMessageId(message), 'ae6926cfcffa40a89e44252ce9e970a2');
  assert.deepEqual([...dispositionNotifications(message)], ['positive-delivery']);
  assert.equal(dateTime(message), '2016-03-24T08:51:42+01:00');
  assert.equal(decodeText(message.content), 'Bonjour');
  assert.equal(decodeText(formatCpim(message)), decodeText(octets));
});

test('the display notification of a handset is read', () => {
  assert.deepEqual(parseImdn(octetsOf(own, 'android-rcs-ImdnParserTest-L0040.xml')), {
    kind: 'imdn',
    messageId: '34jk324j',
    dateTime: '2008-04-04T12:16:49-05:00',
    notification: { kind: 'display', status: 'displayed' },
  });
});

test('every CPIM message of the corpus is read and written as it came', withCpim, () => {
  const files = readdirSync(cpimFolder).filter((file) => file.endsWith('.cpim'));
  assert.ok(files.length >= 3);
  for (const file of files) {
    const octets = octetsOf(cpimFolder, file);
    assert.equal(decodeText(formatCpim(cpimOf(octets))), decodeText(octets), file);
  }
});

test('a message with a foreign namespace and subjects in two languages is read', withCpim, () => {
  const message = cpimOf(octetsOf(cpimFolder, 'belledonnecommunications-cpim-tester-L0091.cpim'));
  assert.deepEqual(fromAddress(message), { formalName: 'MR SANDERS', uri: 'im:piglet@100akerwood.com' });
  assert.deepEqual(
    subjects(message).map(({ language }) => language),
    [undefined, 'fr'],
  );
  assert.ok(header(message, 'mid:MessageFeatures@id.foo.com', 'WackyMessageOption'));
});

test('a group message with three requests and two namespaces is read', withCpim, () => {
  const message = cpimOf(octetsOf(cpimFolder, 'belledonnecommunications-cpim-tester-L0330.cpim'));
  assert.deepEqual([...namespaces(message).keys()], ['linphone', 'imdn']);
  assert.deepEqual([...dispositionNotifications(message)], ['positive-delivery', 'negative-delivery', 'display']);
  assert.equal(toAddresses(message).length, 1);
  assert.equal(message.content.length, 13);
});

/** The leaves that each mail of the corpus has, or why its head cannot be read. */
const expectedLeaves: Readonly<Record<string, readonly string[] | 'malformed'>> = {
  'cyrus-base64-body.eml': ['text/plain'],
  'cyrus-headers-utf8.bin': ['text/plain'],
  'cyrus-issue2918.eml': ['text/plain', 'text/plain', 'text/html'],
  // Its first line is the separator of a mailbox file, which is no header.
  'cyrus-repair_acl.eml': 'malformed',
  'cyrus-unicodefdfx.eml': ['text/plain'],
  'cyrus-utf8-domain.bin': ['text/plain'],
  'wildduck-fix1.eml': ['text/plain'],
  'wildduck-fix3.eml': ['message/rfc822', 'message/rfc822', 'text/html'],
  'wildduck-no_empty_line_between_text_boundary.eml': ['text/plain', 'text/plain'],
  'wildduck-simple.eml': ['text/plain', 'text/html', 'text/plain', 'image/png'],
};

function mailOf(octets: Uint8Array): MimeEntity | 'malformed' {
  const block = scanHeaderBlock(octets, 0);
  return block.kind === 'header-block' ? { mimeHeaders: block.fields, content: octets.subarray(block.end) } : 'malformed';
}

function leafTypes(octets: Uint8Array): readonly string[] | 'malformed' {
  const mail = mailOf(octets);
  if (mail === 'malformed') return mail;
  const leaves = leafEntities(contentTypeOf(mail), mail.content);
  return 'code' in leaves ? 'malformed' : leaves.map((leaf) => mediaType(leaf.type));
}

test('every mail of the corpus falls into the leaves it has', withMime, () => {
  for (const file of readdirSync(mimeFolder)) {
    assert.deepEqual(leafTypes(octetsOf(mimeFolder, file)), expectedLeaves[file], file);
  }
});

test('every multipart of the corpus keeps the contents of its parts when it is written', withMime, () => {
  let multiparts = 0;
  for (const file of readdirSync(mimeFolder)) {
    const mail = mailOf(octetsOf(mimeFolder, file));
    if (mail === 'malformed' || contentTypeOf(mail).type !== 'multipart') continue;
    multiparts += 1;
    const read = parseMultipart(contentTypeOf(mail), mail.content);
    assert.ok(read.kind === 'multipart', file);
    const again = parseMultipart(contentType('multipart/mixed', new Map([['boundary', read.boundary]])), formatMultipart(read));
    assert.ok(again.kind === 'multipart', file);
    assert.deepEqual(
      again.parts.map((part) => decodeText(part.content)),
      read.parts.map((part) => decodeText(part.content)),
      file,
    );
  }
  assert.equal(multiparts, 4);
});
