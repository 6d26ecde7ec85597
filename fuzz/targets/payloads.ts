/** What messages carry: CPIM, IMDN, multipart, msginfo, external bodies, content types. */
import assert from 'node:assert/strict';
import {
  type CpimMessage,
  contentDispositionOf,
  contentType,
  contentTypeOf,
  dispositionNotifications,
  formatCpim,
  formatImdn,
  formatMsginfo,
  formatMultipart,
  fromAddress,
  imdnMessageId,
  imdnRecordRoutes,
  isPayloadProblem,
  leafEntities,
  namespaces,
  originalTo,
  parseContentType,
  parseCpim,
  parseExternalBody,
  parseImdn,
  parseImdns,
  parseMsginfo,
  parseMultipart,
  subjects,
  toAddresses,
} from '@opencpm/payloads';
import { rough } from '../mutate.ts';
import { payloadBodies } from '../seeds.ts';
import type { Target } from '../target.ts';

export const payloadsTarget: Target = {
  name: 'payloads',
  share: 20,
  seeds: payloadBodies,
  roughness: [rough],
  casesPerLife: 100_000,
  open: () => Promise.resolve({ run: (octets) => readAll(octets), end: () => Promise.resolve() }),
};

const boundaryB = contentType('multipart/mixed', new Map([['boundary', 'b']]));

function readAll(octets: Buffer): readonly string[] {
  return [cpim(octets), imdn(octets), multipart(octets), msginfo(octets), contentTypes(octets)];
}

function cpim(octets: Buffer): string {
  const message = parseCpim(octets);
  if (message.kind !== 'cpim') return `cpim ${message.code}`;
  useAccess(message);
  const again = parseCpim(formatCpim(message));
  assert.ok(again.kind === 'cpim', 'a CPIM message that is not read again');
  assert.equal(imdnMessageId(again), imdnMessageId(message));
  assert.deepEqual([...dispositionNotifications(again)], [...dispositionNotifications(message)]);
  assert.ok(Buffer.from(again.content).equals(Buffer.from(message.content)), 'another content after writing');
  const type = contentTypeOf(message);
  const leaves = leafEntities(type, message.content);
  parseImdns(type, message.content);
  return isPayloadProblem(leaves) ? `cpim of ${leaves.code}` : 'cpim';
}

function useAccess(message: CpimMessage): void {
  for (const access of [fromAddress, toAddresses, subjects, namespaces, originalTo, imdnRecordRoutes, contentDispositionOf])
    access(message);
}

function imdn(octets: Buffer): string {
  const result = parseImdn(octets);
  if (result.kind !== 'imdn') return `imdn ${result.code}`;
  assert.deepEqual(parseImdn(formatImdn(result)), result);
  return `imdn ${result.notification.kind}`;
}

function multipart(octets: Buffer): string {
  const result = parseMultipart(boundaryB, octets);
  leafEntities(boundaryB, octets);
  parseImdns(boundaryB, octets);
  if (result.kind !== 'multipart') return `multipart ${result.code}`;
  const again = parseMultipart(boundaryB, formatMultipart(result));
  assert.ok(again.kind === 'multipart', 'a multipart that is not read again');
  assert.deepEqual(
    again.parts.map((part) => Buffer.from(part.content).toString('latin1')),
    result.parts.map((part) => Buffer.from(part.content).toString('latin1')),
  );
  return 'multipart';
}

function msginfo(octets: Buffer): string {
  const result = parseMsginfo(octets);
  if (result.kind !== 'msginfo') return `msginfo ${result.code}`;
  const again = parseMsginfo(formatMsginfo(result));
  assert.deepEqual(again.kind === 'msginfo' ? again.messages : again, result.messages);
  return 'msginfo';
}

/** The begin of the input as the value of Content-Type, the input as what it describes. */
function contentTypes(octets: Buffer): string {
  const type = parseContentType(octets.toString('utf8', 0, 200));
  if (type.kind !== 'content-type') return `type ${type.code}`;
  parseMultipart(type, octets);
  parseImdns(type, octets);
  parseExternalBody(type, octets);
  return 'type';
}
