import assert from 'node:assert/strict';
import type { CaseSurroundings, InteropCase } from '../case.ts';
import { Kamailio, type KamailioOptions, kamailioProgram } from '../peers/kamailio.ts';
import { sippProgram } from '../peers/sipp.ts';
import { eventually } from '../surroundings/eventually.ts';
import { freePort } from '../surroundings/free-port.ts';
import type { ServerProcess, ServerSettings } from '../surroundings/server-process.ts';
import { requestWith, type SipSocket } from '../surroundings/sip-socket.ts';
import { headerOf, statusOf } from '../surroundings/sip-text.ts';
import { alice, bob, users } from './accounts.ts';
import { injectedMessages, injectedRegistration, startSipp } from './sipp-clients.ts';
import { messageParts, openSocket, sendWithDigest } from './socket-clients.ts';

/** Silence of an edge that is away is not waited for as long as that of a client. */
const impatient: ServerSettings = { users, policy: { answerWithin: '2s' } };

/** Kamailio as an edge proxy between clients and the server. */
export const edgeCases: readonly InteropCase[] = [
  byEdge('UDP: digest passes, and messages reach both clients of one user by their Path', 'udp', { users }, reachesBothClients),
  byEdge('TCP: digest passes, and messages reach both clients of one user by their Path', 'tcp', { users }, reachesBothClients),
  byEdge('UDP: what waited while the edge was away comes when its client registers again', 'udp', impatient, restarts),
  byEdge('TCP: what waited while the edge was away comes when its client registers again', 'tcp', impatient, restarts),
  byEdge('a trusted edge is believed without a challenge', 'udp', { users, trustedPeers: ['127.0.0.1'] }, isBelieved),
  byEdge('UDP: clients of an edge that is not trusted are challenged, each for himself', 'udp', { users }, isChallenged),
  byEdge('TCP: clients of an edge that is not trusted are challenged, each for himself', 'tcp', { users }, isChallenged),
  byEdge('UDP: 100 messages of SIPp to SIPp', 'udp', { users }, bringsMany),
  byEdge('TCP: 100 messages of SIPp to SIPp, each client by a connection', 'tcp', { users }, bringsMany),
];

interface Edge {
  readonly server: ServerProcess;
  readonly kamailio: Kamailio;
  readonly surroundings: CaseSurroundings;
  readonly serverTransport: Transport;
}

type Transport = KamailioOptions['serverTransport'];

function byEdge(name: string, serverTransport: Transport, settings: ServerSettings, run: (edge: Edge) => Promise<void>): InteropCase {
  return {
    name: `Kamailio as edge, ${name}`,
    needs: [kamailioProgram, sippProgram],
    run: async (surroundings) => {
      const server = await surroundings.startServer(settings);
      const kamailio = await startEdge(surroundings, serverTransport);
      await run({ server, kamailio, surroundings, serverTransport });
    },
  };
}

export async function startEdge({ folder, port, edgePort, after }: CaseSurroundings, serverTransport: Transport): Promise<Kamailio> {
  const kamailio = new Kamailio({ folder: folder('kamailio'), port: edgePort, serverPort: port, serverTransport });
  after(() => kamailio.stop());
  return kamailio.start();
}

async function reachesBothClients(edge: Edge): Promise<void> {
  const [sender, first, second] = [await clientOf(edge), await clientOf(edge), await clientOf(edge)];
  await registerByEdge(edge, sender, alice);
  for (const client of [first, second]) await registerByEdge(edge, client, bob);
  assertStatus(await sendWithDigest(sender, alice, { body: 'by the edge' }), 200);
  for (const client of [first, second]) {
    const request = await requestWith(client, 'by the edge');
    assert(request.startsWith(`MESSAGE sip:bob@127.0.0.1:${client.port} `), request);
    assert.match(headerOf(request, 'Via') ?? '', new RegExp(`127\\.0\\.0\\.1:${edge.kamailio.port};`));
    assert.equal(headerOf(request, 'Route'), undefined, request);
    assert.equal(client.requests.length, 1);
  }
  await assertSentByPath(edge);
}

/** What the server sent to clients went to the topmost hop of their Path, as Route (RFC 3327 §5.3). */
async function assertSentByPath({ surroundings, kamailio, serverTransport }: Edge): Promise<void> {
  const port = `${serverTransport}.dstport`;
  const sent = await surroundings.captured('sip.Method == "MESSAGE" && sip.Route', port, 'sip.Route');
  assert.equal(sent.length, 2, JSON.stringify(sent));
  for (const [to = '', route = ''] of sent) {
    assert.equal(to, String(kamailio.port));
    assert.match(route, new RegExp(`^<sip:127\\.0\\.0\\.1:${kamailio.port};.*\\blr\\b`));
  }
}

async function restarts(edge: Edge): Promise<void> {
  const client = await clientOf(edge);
  await registerByEdge(edge, client, bob);
  await edge.kamailio.stop();
  const sender = await openSocket(edge.surroundings);
  assertStatus(await sendWithDigest(sender, alice, { body: 'while it was away' }), 202);
  await edge.kamailio.start();
  await registerByEdge(edge, client, bob);
  await requestWith(client, 'while it was away');
  assertStatus(await sendWithDigest(sender, alice, { body: 'and now' }), 200);
  await requestWith(client, 'and now');
  assert.equal(client.requests.length, 2, client.requests.join('\n'));
}

async function isBelieved(edge: Edge): Promise<void> {
  const [sender, recipient] = [await clientOf(edge), await clientOf(edge)];
  await registerByEdge(edge, recipient, bob);
  assertStatus(await sender.request({ ...messageParts(alice, { body: 'unchallenged' }) }), 200);
  const request = await requestWith(recipient, 'unchallenged');
  assert.match(headerOf(request, 'From') ?? '', /^<?sip:alice@/);
}

/** All clients share one way to the server; who has shown his password on it speaks for himself alone. */
async function isChallenged(edge: Edge): Promise<void> {
  const [sender, other] = [await clientOf(edge), await clientOf(edge)];
  await registerByEdge(edge, sender, alice);
  await registerByEdge(edge, other, bob);
  assertStatus(await sendWithDigest(sender, alice, { body: 'by alice' }), 200);
  assertStatus(await other.request(messageParts(alice, { body: 'as alice, and by bob' })), 407);
  assertStatus(await sendWithDigest(other, bob, { from: 'sip:alice@cpm.test' }), 403);
}

const manyMessages = 100;

/** Clients reach the edge by the transport by which it reaches the server. */
async function bringsMany({ surroundings, kamailio, serverTransport: transport }: Edge): Promise<void> {
  const way = { remotePort: kamailio.port, transport };
  const registration = { localPort: await freePort(), injected: [await injectedRegistration(kamailio.port, bob)], calls: 1 };
  const recipient = startSipp(surroundings, { scenario: 'register-and-stay', outOfCall: 'receive', ...way, ...registration });
  await eventually('bob is registered', async () => ((await isRegistered(surroundings)) ? true : undefined));
  const sending = { injected: await injectedMessages(kamailio.port, manyMessages), calls: manyMessages, callsPerSecond: manyMessages };
  await startSipp(surroundings, { scenario: 'send-to-present', localPort: await freePort(), ...way, ...sending }).finished();
  await eventually(`${manyMessages} messages`, () => (new Set(recipient.logged).size === manyMessages ? true : undefined));
  assert.equal(recipient.logged.length, manyMessages, 'a message came more than once');
}

/** The registrar has answered his REGISTER. */
async function isRegistered({ captured }: CaseSurroundings): Promise<boolean> {
  return (await captured('sip.Status-Code == 200 && sip.CSeq.method == "REGISTER"', 'frame.number')).length > 0;
}

function clientOf({ surroundings, kamailio }: Edge): Promise<SipSocket> {
  return openSocket(surroundings, kamailio.port);
}

/** The registrar tells a client that knows of paths which one it keeps. */
async function registerByEdge({ kamailio }: Edge, client: SipSocket, account: typeof alice | typeof bob): Promise<void> {
  const answer = await client.tryToRegister(account);
  assertStatus(answer, 200);
  assert.match(headerOf(answer, 'Path') ?? '', new RegExp(`^<sip:127\\.0\\.0\\.1:${kamailio.port};`), answer);
}

function assertStatus(answer: string, status: number): void {
  assert.equal(statusOf(answer), status, answer);
}
