/** Every message of RFC 4475 and RFC 5118 at a whole server: what a stranger, a peer inside the network and a user get. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { defaultConfiguration } from '@opencpm/server';
import { parseMessage, portableOctets } from '@opencpm/sip';
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
    listen: [{ transport: 'UDP', ...server }],
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

function serverTests(rfc: string, { section, name, text, server: expected }: TortureCase): void {
  const { stranger, trusted = stranger, user } = expected;
  const title = (who: string, status: number | string) => `answers ${status} to ${name} of ${who} (${rfc} §${section})`;
  it(title('a stranger', stranger), async () => {
    assert.deepEqual(await statusesTo(text, '10.0.0.20'), stranger === 'none' ? [] : [stranger]);
  });
  it(title('a trusted peer', trusted), async () => {
    assert.deepEqual(await statusesTo(text, '10.0.0.9'), trusted === 'none' ? [] : [trusted]);
  });
  if (user === undefined) return;
  const [userName, status] = user;
  it(title(`${userName} with his password`, status), async () => {
    assert.deepEqual(await statusesTo(await withPassword(text, userName), '10.0.0.21'), [status]);
  });
}

/** The statuses of all that the server sends to that host, to whatever port the Via of the message names. */
async function statusesTo(text: string, host: string): Promise<readonly number[]> {
  const sender = await peerAt(host);
  const before = network.wireLog.entries.length;
  sender.sendRaw(Buffer.from(text, 'latin1'), server);
  await clock.runFor(100);
  const sent = network.wireLog.entries.slice(before);
  const answers = sent.filter(({ event, from, to }) => event === 'datagram' && from.host === server.host && to.host === host);
  await sender.close();
  // Transactions of this message are over before the next one, whatever its branch.
  await clock.runFor(40_000);
  return answers.flatMap(({ octets }) => statusIn(octets));
}

/** None for a request: what waited for a user is sent once he is registered. */
function statusIn(octets: Uint8Array): readonly number[] {
  const result = parseMessage(octets, portableOctets);
  assert.equal(result.kind, 'message');
  return result.message.kind === 'response' ? [result.message.status] : [];
}

function peerAt(host: string): Promise<ScriptedPeer> {
  return ScriptedPeer.start({
    network: network.host(host),
    clock,
    random: random.fork(host),
    address: { host, port: 5060 },
    script: () => answer(200),
  });
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
