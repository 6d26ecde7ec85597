import assert from 'node:assert/strict';
import type { CaseSurroundings, InteropCase } from '../case.ts';
import { Sipp, sippProgram } from '../peers/sipp.ts';
import { eventually } from '../surroundings/eventually.ts';
import { freePort } from '../surroundings/free-port.ts';
import { type Account, domain } from '../surroundings/server-process.ts';
import { SipSocket } from '../surroundings/sip-socket.ts';
import { addressOf, credentials, statusOf } from '../surroundings/sip-text.ts';
import { alice, bob, users } from './accounts.ts';

const needs = [sippProgram];
const messages = 1000;
const callsPerSecond = 200;
/** Of the messages, in the one direction and in the other. */
const toleratedRetransmissions = 0.01 * messages;

export const sippCases: readonly InteropCase[] = [
  { name: 'SIPp: 1,000 messages from a registered client with digest to a registered client', needs, run: toPresent },
  { name: 'SIPp registers with its own digest when MD5 is offered first', needs, run: ownDigest },
  { name: 'SIPp: 1,000 messages through a trusted peer to a registered client', needs, run: fromTrusted },
  { name: 'SIPp: 1,000 messages to a user who is away; he registers and gets each once', needs, run: toAbsent },
];

async function toPresent(surroundings: CaseSurroundings): Promise<void> {
  await surroundings.startServer({ users });
  const [senderPort, recipientPort] = [await freePort(), await freePort()];
  await register(surroundings, alice, senderPort);
  await register(surroundings, bob, recipientPort);
  const recipient = startSipp(surroundings, { scenario: 'receive', localPort: recipientPort });
  await send(surroundings, { scenario: 'send-to-present', localPort: senderPort, challenged: true });
  await assertEachOnce(surroundings, recipient);
}

/** SIPp knows MD5 only, reads the first challenge alone and writes our address as digest-uri. */
async function ownDigest(surroundings: CaseSurroundings): Promise<void> {
  const server = await surroundings.startServer({ users, digest: ['MD5', 'SHA-256'] });
  const injected = [injectedLine(bob, `[authentication username=${bob.user} password=${bob.password}]`)];
  const calls = { injected, calls: 1, remotePort: surroundings.port };
  await startSipp(surroundings, { scenario: 'register-by-digest', localPort: await freePort(), ...calls }).finished();
  const { output } = await server.command(['user', 'list']);
  assert.match(output, new RegExp(`"user":"${bob.user}".*"bindings":\\[\\{`), output);
}

async function fromTrusted(surroundings: CaseSurroundings): Promise<void> {
  await surroundings.startServer({ users, trustedPeers: ['127.0.0.1'] });
  const recipientPort = await freePort();
  await register(surroundings, bob, recipientPort);
  const recipient = startSipp(surroundings, { scenario: 'receive', localPort: recipientPort });
  await send(surroundings, { scenario: 'send-to-present', localPort: await freePort(), challenged: false });
  await assertEachOnce(surroundings, recipient);
}

async function toAbsent(surroundings: CaseSurroundings): Promise<void> {
  const server = await surroundings.startServer({ users });
  await send(surroundings, { scenario: 'send-to-absent', localPort: await freePort(), challenged: true });
  const injected = [await injectedRegistration(surroundings.port, bob)];
  const recipient = startSipp(surroundings, {
    ...{ scenario: 'register-and-stay', outOfCall: 'receive', localPort: await freePort() },
    ...{ remotePort: surroundings.port, injected, calls: 1 },
  });
  await assertEachOnce(surroundings, recipient);
  const left = await eventually(
    'the queue is empty',
    async () => {
      const { output } = await server.command(['queue', 'list', '--user', bob.user]);
      return output === '' ? 0 : undefined;
    },
    { withinMilliseconds: 30_000 },
  );
  assert.equal(left, 0);
}

function startSipp({ folder, after }: CaseSurroundings, options: Omit<ConstructorParameters<typeof Sipp>[0], 'folder'>): Sipp {
  const sipp = new Sipp({ ...options, folder: folder(`sipp-${options.scenario}-${options.localPort}`) });
  after(() => sipp.stop());
  return sipp;
}

async function register(surroundings: CaseSurroundings, account: Account, localPort: number): Promise<void> {
  const injected = [await injectedRegistration(surroundings.port, account)];
  await startSipp(surroundings, { scenario: 'register', localPort, remotePort: surroundings.port, injected, calls: 1 }).finished();
}

interface Sending {
  readonly scenario: 'send-to-present' | 'send-to-absent';
  readonly localPort: number;
  readonly challenged: boolean;
}

async function send(surroundings: CaseSurroundings, { scenario, localPort, challenged }: Sending): Promise<void> {
  const remotePort = surroundings.port;
  const injected = challenged
    ? await injectedMessages(remotePort)
    : Array.from({ length: messages }, () => injectedLine(alice, '', bob.user));
  const sipp = startSipp(surroundings, { scenario, localPort, remotePort, injected, calls: messages, callsPerSecond });
  await sipp.finished();
  const retransmissions = sipp.statistic('Retransmissions(C)');
  surroundings.note(`SIPp retransmitted ${retransmissions}`);
  assert.equal(sipp.statistic('SuccessfulCall(C)'), messages);
  assert(retransmissions < toleratedRetransmissions, `${retransmissions} retransmissions of ${messages} messages`);
}

/** All came, each once: what came more often was counted as a call of its own. */
async function assertEachOnce(surroundings: CaseSurroundings, recipient: Sipp): Promise<void> {
  const began = performance.now();
  const distinct = (): number => new Set(recipient.logged).size;
  await eventually(
    `${messages} messages`,
    () => {
      recipient.assertRunning();
      return distinct() === messages ? true : undefined;
    },
    { withinMilliseconds: 40_000, seen: () => `${distinct()} came` },
  );
  surroundings.note(`all there ${Math.round(performance.now() - began)} ms later`);
  assert.equal(recipient.logged.length, messages, 'a message came more than once');
}

async function injectedRegistration(port: number, account: Account): Promise<string> {
  const uri = `sip:${domain}`;
  const challenge = await challengeFor(port, 'REGISTER', uri, account);
  return injectedLine(account, credentials(challenge, { account, method: 'REGISTER', uri }));
}

/** One nonce for all of them, with a count that grows. */
async function injectedMessages(port: number): Promise<string[]> {
  const uri = addressOf(bob.user);
  const challenge = await challengeFor(port, 'MESSAGE', uri, alice);
  return Array.from({ length: messages }, (_, index) => {
    return injectedLine(alice, credentials(challenge, { account: alice, method: 'MESSAGE', uri, count: index + 1 }), bob.user);
  });
}

function injectedLine(account: Account, header: string, recipient = ''): string {
  return [account.user, header, domain, recipient].join(';');
}

async function challengeFor(port: number, method: string, uri: string, account: Account): Promise<string> {
  const socket = await SipSocket.open({ host: '127.0.0.1', port });
  try {
    const from = addressOf(account.user);
    const to = method === 'REGISTER' ? from : uri;
    const answer = await socket.request({ method, uri, from, to });
    assert([401, 407].includes(statusOf(answer)), `a challenge, and not: ${answer}`);
    return answer;
  } finally {
    socket.close();
  }
}
