/** Every message of RFC 4475 and RFC 5118: what it means, and what we answer, as a datagram and on a stream. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defaultAllow } from '../endpoint/options.ts';
import { toHeader } from '../message/headers/to.ts';
import { viaHeader } from '../message/headers/via.ts';
import { responseTo, type SipMessage } from '../message/message.ts';
import { portableOctets } from '../message/octets.ts';
import { parseMessage } from '../message/parse.ts';
import { peer, type World, world } from '../node/test-support/endpoint-world.ts';
import type { ScriptedFlow } from '../node/test-support/scripted-network.ts';
import { invalidMessages } from './rfc4475-invalid.fixture.ts';
import { layerMessages } from './rfc4475-layers.fixture.ts';
import { validMessages } from './rfc4475-valid.fixture.ts';
import { ipv6Messages } from './rfc5118.fixture.ts';
import type { Handling, TortureCase } from './torture-case.fixture.ts';

const rfc4475 = [...validMessages, ...invalidMessages, ...layerMessages];

/** The methods of the messages but INVITE, which is not for such an endpoint. */
const allow = [...defaultAllow, 'BYE', "!interesting-Method0123456789_*+`.%indeed'~", 'RE%47IST%45R'];

describe('RFC 4475', () => {
  for (const one of rfc4475) tortureTests(one);

  it('has a case for each of its 49 messages', () => {
    const sections = [
      ...Array.from({ length: 13 }, (_, index) => `3.1.1.${index + 1}`),
      ...Array.from({ length: 19 }, (_, index) => `3.1.2.${index + 1}`),
      '3.2.1',
      ...Array.from({ length: 15 }, (_, index) => `3.3.${index + 1}`),
      '3.4.1',
    ];
    assert.deepEqual(
      rfc4475.map(({ section }) => section),
      sections,
    );
  });
});

describe('RFC 5118', () => {
  for (const one of ipv6Messages) tortureTests(one);

  it('has a case for each of its ten sections, two for the fifth', () => {
    assert.deepEqual(
      ipv6Messages.map(({ section }) => section),
      ['4.1', '4.2', '4.3', '4.4', '4.5', '4.5', '4.6', '4.7', '4.8', '4.9', '4.10'],
    );
  });
});

function tortureTests(one: TortureCase): void {
  const { section, name, title, datagram, because, means } = one;
  const usual = datagram === 'dropped' ? [] : [datagram];
  const reason = because === undefined ? '' : `; ${because}`;
  it(`§${section} ${name}, ${title}: ${datagram}${reason}`, async () => {
    if (means !== undefined) means(messageIn(portableOctets.encode(one.text)));
    const receiver = await world({ allow });
    assert.deepEqual(handlings(one.text, receiver.flow, receiver), usual);
  });
  it(`§${section} ${name} on a stream`, async () => {
    const receiver = await world({ allow });
    assert.deepEqual(handlings(one.text, receiver.network.connection(peer), receiver), one.stream ?? usual);
  });
}

/** The message, or as much of a malformed one as can be answered. */
function messageIn(octets: Uint8Array): SipMessage {
  const result = parseMessage(octets, portableOctets);
  const message = result.kind === 'malformed' ? result.partial : result.kind === 'message' && result.message;
  assert.ok(message, JSON.stringify(result));
  return message;
}

/** What the handler answers, so that its answers are told from others. */
const handlerStatus = 299;

/** What becomes of the message; every answer is looked at, that of the handler too. */
function handlings(text: string, flow: ScriptedFlow, { network, endpoint, events }: World): readonly Handling[] {
  endpoint.onRequest = (transaction) => transaction.respond(responseTo(transaction.request, handlerStatus, { toTag: 'a' }));
  network.deliver(text, flow);
  const statuses = network.take().map((sent) => checkedStatus(text, sent.text));
  assert.ok(
    events.every((event) => event.startsWith('stray')),
    `no fault, and nothing that could not be sent: ${events.join()}`,
  );
  return [...statuses.map((status) => (status === handlerStatus ? 'handled' : status)), ...events.map(() => 'unmatched' as const)];
}

/** The status of an answer that RFC 3261 §8.2.6.2 allows to this message, or to one of a stream that begins with it. */
function checkedStatus(text: string, sent: string): number {
  const answer = messageIn(portableOctets.encode(sent));
  assert.ok(answer.kind === 'response');
  const starts = [0, ...[...text.matchAll(/\r\n\r\n\r\n(?=[A-Z]+ )/g)].map(({ index }) => index + 6)];
  const asked = starts.map((start) => messageIn(portableOctets.encode(text.slice(start))));
  const request = asked.find(({ headers }) => headers.text('Call-ID') === answer.headers.text('Call-ID'));
  assert.ok(request, 'an answer to nothing');
  for (const name of ['From', 'Call-ID', 'CSeq']) assert.deepEqual(answer.headers.texts(name), request.headers.texts(name));
  assert.equal(answer.headers.all(viaHeader).value?.length, request.headers.all(viaHeader).value?.length);
  const to = answer.headers.value(toHeader);
  if (to !== undefined) assert.ok(to.tag, 'a tag in To');
  return answer.status;
}
