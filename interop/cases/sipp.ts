import assert from 'node:assert/strict';
import type { CaseSurroundings, InteropCase } from '../case.ts';
import { type Sipp, sippProgram } from '../peers/sipp.ts';
import { eventually } from '../surroundings/eventually.ts';
import { freePort } from '../surroundings/free-port.ts';
import { alice, bob, users } from './accounts.ts';
import { injectedLine, injectedMessages, injectedRegistration, register, startSipp } from './sipp-clients.ts';

const needs = [sippProgram];
const messages = 1000;
const callsPerSecond = 200;
/** Of the messages, in the one direction and in the other. */
const toleratedRetransmissions = 0.01 * messages;

export const sippCases: readonly InteropCase[] = [
  { name: 'SIPp: 1,000 messages from a registered client with digest to a registered client', needs, alone: true, run: toPresent },
  { name: 'SIPp registers with its own digest when MD5 is offered first', needs, run: ownDigest },
  { name: 'SIPp: 1,000 messages through a trusted peer to a registered client', needs, alone: true, run: fromTrusted },
  { name: 'SIPp: 1,000 messages to a user who is away; he registers and gets each once', needs, alone: true, run: toAbsent },
];

async function toPresent(surroundings: CaseSurroundings): Promise<void> {
  await surroundings.startServer({ users });
  const [senderPort, recipientPort] = [await freePort(), await freePort()];
  await register(surroundings, alice, senderPort);
  await register(surroundings, bob, recipientPort);
  const recipient = await startSipp(surroundings, { scenario: 'receive', localPort: recipientPort }).listening();
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
  const recipient = await startSipp(surroundings, { scenario: 'receive', localPort: recipientPort }).listening();
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

interface Sending {
  readonly scenario: 'send-to-present' | 'send-to-absent';
  readonly localPort: number;
  readonly challenged: boolean;
}

async function send(surroundings: CaseSurroundings, { scenario, localPort, challenged }: Sending): Promise<void> {
  const remotePort = surroundings.port;
  const injected = challenged
    ? await injectedMessages(remotePort, messages)
    : Array.from({ length: messages }, () => injectedLine(alice, '', bob));
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
