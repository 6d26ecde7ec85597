import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { composeCpim, formatCpim, formatImdn, formatMultipart, isPayloadProblem, parseContentType } from '@opencpm/payloads';
import { Headers, type SipRequest } from '@opencpm/sip';
import { anonymousUri } from '../../common/addresses.ts';
import { userId } from '../../common/identifiers.ts';
import { readStandaloneMessage } from '../../common/standalone-message.ts';
import type { AnonymousOriginators } from '../../ports.ts';
import { anonymousOriginator, isToAnonymousOriginator } from './anonymous-originator.ts';

const known: ReadonlyMap<string, string> = new Map([
  ['m1', 'sip:alice@cpm.test'],
  ['m2', 'sip:alice@cpm.test'],
  ['m3', 'tel:+15550003'],
]);

const originators: AnonymousOriginators = {
  remember: async () => undefined,
  find: async (recipient, id, now) => (recipient === 'bob' && now === 7 ? known.get(id) : undefined),
};

function imdn(messageId: string): Uint8Array {
  const notification = { kind: 'display', status: 'displayed' } as const;
  return formatImdn({ kind: 'imdn', messageId, dateTime: '2024-01-01T00:00:00Z', notification });
}

/** A request of the served user that holds the content as a notification. */
function notification(type: string, content: Uint8Array, uri = anonymousUri, contentDisposition = 'notification'): SipRequest {
  const innerType = parseContentType(type);
  assert.ok(!isPayloadProblem(innerType));
  const cpim = { from: { uri: anonymousUri }, to: [{ uri: anonymousUri }], dateTime: '2024-01-01T00:00:00Z', contentType: innerType };
  const body = formatCpim(composeCpim({ ...cpim, messageId: 'imdn', contentDisposition, content }));
  return { kind: 'request', method: 'MESSAGE', uri, headers: Headers.of(['Content-Type', 'message/cpim']), body };
}

function about(...ids: readonly string[]): SipRequest {
  const [only] = ids;
  if (ids.length === 1 && only !== undefined) return notification('message/imdn+xml', imdn(only));
  const parts = ids.map((id) => ({ mimeHeaders: [{ name: 'Content-Type', value: 'message/imdn+xml' }], content: imdn(id) }));
  return notification('multipart/mixed;boundary=b', formatMultipart({ boundary: 'b', parts }));
}

async function originatorOf(request: SipRequest, ports = originators) {
  const message = readStandaloneMessage(request);
  if (!isToAnonymousOriginator(request, message)) return undefined;
  return anonymousOriginator({ servedUser: userId('bob'), arrivedAt: 7 }, message, ports);
}

describe('to whom a notification to the anonymous address goes (decision 34)', () => {
  const cases: readonly (readonly [string, SipRequest, string | undefined])[] = [
    ['the sender of the message that it is about', about('m1'), 'sip:alice@cpm.test'],
    ['the one sender of all messages of an aggregate', about('m1', 'm2'), 'sip:alice@cpm.test'],
    ['nobody, when an aggregate would tell one of two senders of the other', about('m1', 'm3'), undefined],
    ['nobody, when one message of an aggregate is not known', about('m1', 'm9'), undefined],
    ['nobody, when the message is not known', about('m9'), undefined],
    ['nobody, when it cannot be read', notification('message/imdn+xml', new TextEncoder().encode('<imdn')), undefined],
    ['whom it is addressed to, if that is somebody', { ...about('m1'), uri: 'sip:carol@cpm.test' }, undefined],
    [
      'the sender, however the anonymous address is spelt',
      { ...about('m3'), uri: 'sip:anonymous@ANONYMOUS.invalid:5060' },
      'tel:+15550003',
    ],
    ['nobody, when it is a message for the user', notification('text/plain', new Uint8Array(), anonymousUri, 'render'), undefined],
  ];
  for (const [whom, request, originator] of cases) {
    it(whom, async () => assert.equal(await originatorOf(request), originator));
  }

  it('is not known while the database does not answer', async () => {
    const fault = { kind: 'fault', temporary: true, reason: '' } as const;
    assert.equal(await originatorOf(about('m1'), { ...originators, find: async () => fault }), fault);
  });
});
