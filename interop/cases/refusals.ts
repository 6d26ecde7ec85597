import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { CaseSurroundings, InteropCase } from '../case.ts';
import { domain, type ServerSettings } from '../surroundings/server-process.ts';
import { requestWith, type SipSocket } from '../surroundings/sip-socket.ts';
import { addressOf, requestText, statusOf, token } from '../surroundings/sip-text.ts';
import { TcpStream } from '../surroundings/tcp-stream.ts';
import { alice, bob, users } from './accounts.ts';
import { messageFrom, messageParts, openSocket, sendWithDigest } from './socket-clients.ts';

export const refusalCases: readonly InteropCase[] = [
  refusal('a wrong password is challenged again, for REGISTER and for MESSAGE', { users }, wrongPassword),
  refusal('a user who does not exist is challenged as one who does', { users }, unknownUser),
  refusal('a From that is not the user’s is answered 403', { users }, foreignFrom),
  refusal('garbage datagrams are dropped or answered 400', { users }, garbageDatagrams),
  refusal('garbage on a connection harms only that connection', { users }, garbageStream),
  refusal('a body above the limit is answered 413 over UDP', { users, limits: { bodyOctets: 2000 } }, longDatagram),
  refusal('a body above the limit is answered 413 over TCP', { users }, longStream),
];

type Attempt = (socket: SipSocket, port: number) => Promise<void>;

/** What is refused; and afterwards the server still answers and relays. */
function refusal(name: string, settings: ServerSettings, attempt: Attempt): InteropCase {
  const run = async (surroundings: CaseSurroundings): Promise<void> => {
    const server = await surroundings.startServer(settings);
    const socket = await openSocket(surroundings);
    await attempt(socket, server.port);
    assert(server.isRunning, 'the server lives');
    await assertServes(surroundings);
  };
  return { name: `refusals: ${name}`, needs: [], sendsGarbage: true, run };
}

async function wrongPassword(socket: SipSocket): Promise<void> {
  const wrong = { ...alice, password: 'looking-glass' };
  assert.equal(statusOf(await socket.tryToRegister(wrong)), 401);
  assert.equal(statusOf(await sendWithDigest(socket, wrong)), 407);
}

async function unknownUser(socket: SipSocket): Promise<void> {
  const nobody = { user: 'nobody', password: 'nothing' };
  assert.equal(statusOf(await socket.tryToRegister(nobody)), 401);
  assert.equal(statusOf(await sendWithDigest(socket, nobody)), 407);
}

async function foreignFrom(socket: SipSocket): Promise<void> {
  assert.equal(statusOf(await sendWithDigest(socket, alice, { from: addressOf(bob.user) })), 403);
}

async function garbageDatagrams(socket: SipSocket): Promise<void> {
  const message = messageFrom(socket, alice);
  const halves = [message.slice(0, 200), message.replace('Call-ID', 'Cal'), message.replace('SIP/2.0', 'SIP/9.9')];
  const lengths = [
    message.replace(/Content-Length: \d+/, 'Content-Length: 99999'),
    message.replace(/Content-Length: \d+/, 'Content-Length: -1'),
  ];
  const octets = [Buffer.alloc(0), Buffer.alloc(1), Buffer.alloc(1400), randomBytes(1400), randomBytes(65_000), Buffer.from('\r\n\r\n')];
  for (const garbage of [...halves, ...lengths, ...octets, 'GET / HTTP/1.1\r\n\r\n', 'SIP/2.0 200 OK\r\n\r\n']) socket.sendRaw(garbage);
}

async function garbageStream(_socket: SipSocket, port: number): Promise<void> {
  const ended = Buffer.from('\r\n\r\n');
  for (const garbage of [
    Buffer.concat([randomBytes(4000), ended]),
    Buffer.alloc(200_000, 'a'),
    Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
  ]) {
    const stream = await TcpStream.connect(port);
    stream.write(garbage);
    const text = await stream.closed();
    assert(text === '' || statusOf(text) === 400, text);
  }
}

async function longDatagram(socket: SipSocket): Promise<void> {
  assert.equal(statusOf(await sendWithDigest(socket, alice, { body: 'x'.repeat(3000) })), 413);
}

async function longStream(_socket: SipSocket, port: number): Promise<void> {
  const stream = await TcpStream.connect(port);
  const parts = messageParts(alice, { body: 'x'.repeat(70_000) });
  stream.write(requestText({ ...parts, sentBy: `TCP 127.0.0.1:${stream.localPort}` }));
  assert.equal(statusOf(await stream.received('\r\n\r\n')), 413);
  stream.end();
}

/** OPTIONS is answered, and a message of alice comes to bob. */
async function assertServes(surroundings: CaseSurroundings): Promise<void> {
  const [sender, recipient] = [await openSocket(surroundings), await openSocket(surroundings)];
  const options = await sender.request({ method: 'OPTIONS', uri: `sip:${domain}`, from: addressOf(alice.user), to: `sip:${domain}` });
  assert.equal(statusOf(options), 200, options);
  await recipient.register(bob);
  const text = `still here ${token()}`;
  const answer = await sendWithDigest(sender, alice, { body: text });
  assert.equal(statusOf(answer), 200, answer);
  await requestWith(recipient, text);
}
