/** Every message of RFC 4475 and RFC 5118 at a whole server: what a stranger, a peer inside the network and a user get. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { defaultConfiguration } from '@opencpm/server';
import { parseMessage, portableOctets, type SipResponse } from '@opencpm/sip';
import { answer, ScriptedPeer, SeededRandom, VirtualClock, VirtualNetwork } from '@opencpm/testkit';
import { invalidMessages } from '../packages/sip/src/torture/rfc4475-invalid.fixture.ts';
import { layerMessages } from '../packages/sip/src/torture/rfc4475-layers.fixture.ts';
import { validMessages } from '../packages/sip/src/torture/rfc4475-valid.fixture.ts';
import { ipv6Messages } from '../packages/sip/src/torture/rfc5118.fixture.ts';
import type { TortureCase } from '../packages/sip/src/torture/torture-case.fixture.ts';
import { Mishaps } from './mishaps.ts';
import { Phone } from './phone.ts';
import { SimulatedServer, simulatedUser } from './simulated-server.ts';

const server = { host: '10.0.0.1', port: 5060 };
const domain = 'example.com';
const directory = mkdtempSync(join(tmpdir(), 'opencpm-torture-'));
const clock = new VirtualClock();
const random = new SeededRandom(1);
const network = new VirtualNetwork({ clock, random });
const defaults = defaultConfiguration(domain);
const simulated = new SimulatedServer({
  clock,
  network,
  random,
  address: server.host,
  file: join(directory, 'torture.db'),
  configuration: {
    ...defaults,
    listen: (['UDP', 'TCP'] as const).map((transport) => ({ transport, ...server })),
    users: ['user', 'watson', 'j.user'].map((user) => simulatedUser(user)),
    http: { listen: undefined },
    trustedPeers: [{ address: '10.0.0.9' }],
  },
  mishaps: new Mishaps(),
});

describe('a whole server', () => {
  before(() => clock.runToEnd(simulated.start(), 60_000));
  after(() => rmSync(directory, { recursive: true, force: true }));

  for (const one of [...validMessages, ...invalidMessages, ...layerMessages]) serverTests('RFC 4475', one);
  for (const one of ipv6Messages) serverTests('RFC 5118', one);

  it('has nothing to say of a fault of its own', () => {
    assert.deepEqual(
      simulated.log.filter(({ level }) => level === 'error'),
      [],
    );
  });
});

function serverTests(rfc: string, one: TortureCase): void {
  const { stranger, trusted = stranger, user } = one.server;
  const title = (who: string, status: number | string) => `answers ${status} to ${one.name} of ${who} (${rfc} §${one.section})`;
  it(title('a stranger', stranger), async () => {
    assert.deepEqual(statuses(await answersTo(one.text, '10.0.0.20')), stranger === 'none' ? [] : [stranger]);
  });
  it(title('a stranger on a stream', onStream(one).join(' and ') || 'none'), async () => {
    assert.deepEqual(statuses(await streamAnswersTo(one.text)), onStream(one));
  });
  it(title('a trusted peer', trusted), async () => {
    assert.deepEqual(statuses(await answersTo(one.text, '10.0.0.9')), trusted === 'none' ? [] : [trusted]);
  });
  if (user === undefined) return;
  const [name, status, contact = ''] = user;
  it(title(`${name} with his password`, status), async () => {
    const answers = await answersTo(await withPassword(one.text, name), '10.0.0.21');
    assert.deepEqual(statuses(answers), [status]);
    const contacts = answers.flatMap(({ headers }) => headers.texts('Contact'));
    assert.ok(contact === '' || contacts.some((text) => text.startsWith(contact)), contacts.join('\n'));
  });
}

/** What a stranger gets on a stream: the same, or what the case says that becomes of a stream. */
function onStream({ stream, server: expected }: TortureCase): readonly number[] {
  if (expected.stream !== undefined) return expected.stream;
  return expected.stranger === 'none' || stream?.length === 0 ? [] : [expected.stranger];
}

function statuses(answers: readonly SipResponse[]): readonly number[] {
  return answers.map(({ status }) => status);
}

/** All responses that the server sends to that host, to whatever port the Via of the message names. */
async function answersTo(text: string, host: string): Promise<readonly SipResponse[]> {
  const sender = await peerAt(host);
  const before = network.wireLog.entries.length;
  sender.sendRaw(Buffer.from(text, 'latin1'), server);
  await clock.runFor(100);
  const sent = network.wireLog.entries.slice(before);
  const answers = sent.filter(({ event, from, to }) => event === 'datagram' && from.host === server.host && to.host === host);
  await sender.close();
  // Transactions of this message are over before the next one, whatever its branch.
  await clock.runFor(40_000);
  return answers.flatMap(({ octets }) => responseIn(octets));
}

async function streamAnswersTo(text: string): Promise<readonly SipResponse[]> {
  const sender = await peerAt('10.0.0.23');
  const flow = await clock.runToEnd(sender.connect(server), 60_000);
  sender.sendRaw(Buffer.from(text, 'latin1'), flow);
  await clock.runFor(100);
  await sender.close();
  await clock.runFor(40_000);
  return sender.responses();
}

/** None for a request: what waited for a user is sent once he is registered. */
function responseIn(octets: Uint8Array): readonly SipResponse[] {
  const result = parseMessage(octets, portableOctets);
  assert.equal(result.kind, 'message');
  return result.message.kind === 'response' ? [result.message] : [];
}

function peerAt(host: string): Promise<ScriptedPeer> {
  const script = () => answer(200);
  return ScriptedPeer.start({ network: network.host(host), clock, random: random.fork(host), address: { host, port: 5060 }, script });
}

/** The message with credentials of that user for it. */
async function withPassword(text: string, user: string): Promise<string> {
  const phone = new Phone({ peer: await peerAt('10.0.0.22'), clock, server, domain, user });
  const challenge = await phone.exchange(phone.registerTemplate());
  const [method = '', uri = ''] = text.split(' ');
  const credentials = phone.credentials({ method, uri, from: '', to: '' }, challenge, {});
  assert.ok(credentials);
  await phone.peer.close();
  return text.replace('\r\n', () => `\r\n${credentials.join(': ')}\r\n`);
}
