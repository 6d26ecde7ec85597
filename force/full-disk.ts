import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { eventually } from '../interop/surroundings/eventually.ts';
import { freePort } from '../interop/surroundings/free-port.ts';
import { runProgram } from '../interop/surroundings/program.ts';
import { type Account, ServerProcess } from '../interop/surroundings/server-process.ts';
import { SipSocket } from '../interop/surroundings/sip-socket.ts';
import { addressOf, credentials, headerOf, statusOf, token } from '../interop/surroundings/sip-text.ts';
import { AdministrationSocket } from './administration.ts';
import { bodyOf, headersOf, type Message, readMessage } from './message.ts';
import { inTemporaryPlace, type TemporaryPlace } from './temporary-place.ts';

/** What a server with a full disk did. */
export interface FullDiskRun {
  readonly accepted: number;
  readonly refused: number;
  readonly relayedWhileFull: number;
}

/** Of the file system that the server has for itself. */
const diskOctets = 8_388_608;
const messageOctets = 4096;
/** Before the first message is kept. */
const leftOctets = 524_288;
/** A 503 may leave room for a shorter message; after so many in a row the disk is full. */
const refusalsInARow = 5;
const mostMessages = 4000;
const recoveryMilliseconds = 60_000;

const alice = { user: 'alice', password: 'force' } as const;
const bob = { user: 'bob', password: 'force' } as const;
const nora = { user: 'nora', password: 'force' } as const;

/** Why no file system can be mounted here; undefined when it can. */
export function whyNotMounted(): Promise<string | undefined> {
  return inTemporaryPlace(async (place) => {
    const problem = await mounted(place).then(
      () => undefined,
      (error: unknown) => error,
    );
    return problem instanceof Error ? problem.message : undefined;
  });
}

/** Fills the disk of a server on SQLite, and makes room again. Throws when a promise is broken. */
export function fullDiskRun(): Promise<FullDiskRun> {
  return inTemporaryPlace(async (place) => {
    const folder = await mounted(place);
    const server = new ServerProcess(folder, await freePort(), { users: [alice, bob, nora], storage: 'sqlite:./data/opencpm.db' });
    place.after(async () => (server.isRunning ? server.crash() : undefined));
    await server.start();
    const open = async (): Promise<SipSocket> => {
      const socket = await SipSocket.open(server);
      place.after(async () => socket.close());
      return socket;
    };
    return fillAndMakeRoom({ folder, server, sender: await open(), present: await open(), absent: await open() });
  });
}

interface Parties {
  readonly folder: string;
  readonly server: ServerProcess;
  readonly sender: SipSocket;
  /** Bob's client, who is there all the time, and Nora's, who comes in the end. */
  readonly present: SipSocket;
  readonly absent: SipSocket;
}

async function fillAndMakeRoom({ folder, server, sender, present, absent }: Parties): Promise<FullDiskRun> {
  const { pid } = server;
  await present.register(bob);
  const filler = join(folder, 'filler');
  fill(filler);
  const { accepted, refused } = await sendUntilFull(sender);
  const relayed = [1, 2, 3].map((number) => written(`relayed-${number}`, bob));
  for (const message of relayed) assert.equal(statusOf(await send(sender, message)), 200, 'a message to a registered client is relayed');
  rmSync(filler);
  // As a client does after a 503: the same messages again.
  for (const message of refused) await sendUntilAccepted(sender, message);
  assert.equal(server.pid, pid, 'it is the same process all the time');
  await absent.register(nora);
  const administration = new AdministrationSocket(join(folder, 'data', 'opencpm.sock'));
  await eventually('the queue is empty', async () => ((await administration.held()).deferred === 0 ? true : undefined), {
    withinMilliseconds: recoveryMilliseconds,
    seen: () => server.log.slice(-2000),
  });
  assert.deepEqual(idsAt(present), relayed.map(({ id }) => id).sort());
  assert.deepEqual(idsAt(absent), [...accepted, ...refused].map(({ id }) => id).sort(), 'whatever was accepted arrives, and once');
  return { accepted: accepted.length, refused: refused.length, relayedWhileFull: relayed.length };
}

/** Takes what is left, but for room for some messages. */
function fill(path: string): void {
  for (let octets = diskOctets; octets >= 1024; octets = Math.floor(octets / 2)) {
    try {
      for (;;) writeFileSync(path, Buffer.alloc(octets), { flag: 'a' });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
    }
  }
  truncateSync(path, statSync(path).size - leftOctets);
}

async function sendUntilFull(sender: SipSocket): Promise<{ accepted: Message[]; refused: Message[] }> {
  const accepted: Message[] = [];
  const refused: Message[] = [];
  let inARow = 0;
  for (let number = 1; inARow < refusalsInARow; number += 1) {
    assert(number <= mostMessages, 'the disk does not become full');
    const message = written(`kept-${number}`, nora);
    const answer = await send(sender, message);
    const status = statusOf(answer);
    assert(status === 202 || status === 503, answer);
    if (status === 503) assert.match(headerOf(answer, 'Retry-After') ?? '', /^\d+$/, answer);
    (status === 202 ? accepted : refused).push(message);
    inARow = status === 503 ? inARow + 1 : 0;
  }
  return { accepted, refused };
}

async function sendUntilAccepted(sender: SipSocket, message: Message): Promise<void> {
  let seen = '';
  await eventually(
    `${message.id} is accepted once there is room`,
    async () => {
      seen = await send(sender, message);
      return statusOf(seen) === 202 ? true : undefined;
    },
    { withinMilliseconds: recoveryMilliseconds, seen: () => seen },
  );
}

function written(id: string, to: Account): Message {
  return { id, kind: 'text', from: alice.user, to: to.user, conversation: 'full-disk', octets: messageOctets };
}

async function send(sender: SipSocket, message: Message): Promise<string> {
  const uri = addressOf(message.to);
  const parts = { method: 'MESSAGE', uri, from: addressOf(alice.user), to: uri, callId: token(), body: bodyOf(message) };
  const challenge = await sender.request({ ...parts, headers: headersOf(message) });
  if (statusOf(challenge) !== 407) return challenge;
  const answered = credentials(challenge, { account: alice, method: 'MESSAGE', uri });
  return sender.request({ ...parts, cseq: 2, headers: [...headersOf(message), answered] });
}

/** Of the messages that came, retransmissions left out. */
function idsAt({ requests }: SipSocket): string[] {
  const byNames = new Map(
    requests.map((request) => [`${headerOf(request, 'Call-ID')} ${headerOf(request, 'CSeq')}`, readMessage(request).id ?? '']),
  );
  return [...byNames.values()].sort();
}

/** A folder of that place which is a file system of its own. Throws when that is not permitted. */
async function mounted({ folder, after }: TemporaryPlace): Promise<string> {
  const point = join(folder, 'disk');
  mkdirSync(point);
  const { code, errors } = await runProgram('mount', ['-t', 'tmpfs', '-o', `size=${diskOctets}`, 'opencpm-force', point]);
  if (code !== 0) throw new Error(`mount: ${errors.trim()}`);
  // Before the folder goes, when this process is told to end meanwhile.
  const unmountAtOnce = (): void => void spawnSync('umount', ['--lazy', point]);
  process.prependOnceListener('exit', unmountAtOnce);
  after(async () => {
    process.off('exit', unmountAtOnce);
    const ending = await runProgram('umount', [point]);
    if (ending.code !== 0) throw new Error(`umount: ${ending.errors.trim()}`);
  });
  return point;
}
