import assert from 'node:assert/strict';
import type { CaseSurroundings, InteropCase } from '../case.ts';
import { type Sipp, sippProgram } from '../peers/sipp.ts';
import { eventually } from '../surroundings/eventually.ts';
import { freePort } from '../surroundings/free-port.ts';
import type { ServerProcess } from '../surroundings/server-process.ts';
import { bob, users } from './accounts.ts';
import { injectedMessages, injectedRegistration, register, startSipp } from './sipp-clients.ts';

/** What clients answer, and what is lost of it. */
export const sippAnswerCases: readonly InteropCase[] = [
  answers('a quarter of the answers is lost on both sides; each message is delivered once', lostAnswers),
  answers('a quarter of the answers 202 is lost; each message comes once when he registers', lostAcceptances),
  answers('the same request again and again gets the same 200, and is delivered once', repeatedToPresent),
  answers('the same request again and again gets the same 202, and is delivered once', repeatedToAbsent),
  answers('a 200 after the deferral takes the message out of the queue; it is not pushed again', lateAnswer),
  answers('three clients, one refuses with 486, one is silent, one takes it: one 200', (one) => amongThree(one, '486 Busy Here')),
  answers('three clients, one refuses with 603, one is silent, one takes it: one 200', (one) => amongThree(one, '603 Decline')),
  answers('both clients take it, the slower one in vain: one 200', bothTakeIt),
  answers('all clients refuse for good where undelivered is reject: their best answer', refusedByAll),
  answers('one client refuses for now where undelivered is reject: 202, and it waits', refusedForNow),
  answers('a client with 480 and Retry-After gets the message when it is over', takesLater),
];

function answers(name: string, run: InteropCase['run']): InteropCase {
  return { name: `SIPp: ${name}`, needs: [sippProgram], run };
}

const lossyMessages = 100;
/** The messages, and the pauses between what is sent again (RFC 3261 §17.1.2.2), for the unluckiest of them. */
const lossyMilliseconds = 60_000;

async function lostAnswers(surroundings: CaseSurroundings): Promise<void> {
  await surroundings.startServer({ users });
  const recipientPort = await freePort();
  await register(surroundings, bob, recipientPort);
  const recipient = await startSipp(surroundings, { scenario: 'answer-and-lose', localPort: recipientPort }).listening();
  await sendAndLoseAnswers(surroundings);
  await assertEachOnce(recipient, lossyMessages);
}

async function lostAcceptances(surroundings: CaseSurroundings): Promise<void> {
  const server = await surroundings.startServer({ users });
  await sendAndLoseAnswers(surroundings);
  const recipient = await registerAndTakeWhatComes(surroundings);
  await assertEachOnce(recipient, lossyMessages);
  await assertNothingWaits(server);
}

async function sendAndLoseAnswers(surroundings: CaseSurroundings): Promise<void> {
  const remotePort = surroundings.port;
  const injected = await injectedMessages(remotePort, lossyMessages);
  const sending = { remotePort, injected, calls: lossyMessages, callsPerSecond: lossyMessages };
  const sender = startSipp(surroundings, { scenario: 'send-and-lose-answers', localPort: await freePort(), ...sending });
  await sender.finished();
  const retransmissions = sender.statistic('Retransmissions(C)');
  surroundings.note(`SIPp sent ${retransmissions} again`);
  assert.equal(sender.statistic('SuccessfulCall(C)'), lossyMessages);
  assert(retransmissions > 0, 'no answer was lost');
}

async function repeatedToPresent(surroundings: CaseSurroundings): Promise<void> {
  await surroundings.startServer({ users });
  const recipient = await clientOfBob(surroundings, { scenario: 'answer', status: '200 OK' });
  assertSameAnswers(await sendRepeatedly(surroundings), 200);
  await sendAndSee(surroundings, 200);
  await assertEachOnce(recipient, 2);
}

async function repeatedToAbsent(surroundings: CaseSurroundings): Promise<void> {
  const server = await surroundings.startServer({ users });
  assertSameAnswers(await sendRepeatedly(surroundings), 202);
  const recipient = await registerAndTakeWhatComes(surroundings);
  await assertEachOnce(recipient, 1);
  await assertNothingWaits(server);
  await sendAndSee(surroundings, 200);
  await assertEachOnce(recipient, 2);
}

async function sendRepeatedly(surroundings: CaseSurroundings): Promise<readonly string[]> {
  const injected = await injectedMessages(surroundings.port, 1);
  const sending = { remotePort: surroundings.port, injected, calls: 1, reliable: false };
  const sender = startSipp(surroundings, { scenario: 'send-repeatedly', localPort: await freePort(), ...sending });
  await sender.finished();
  return sender.logged;
}

function assertSameAnswers(answers: readonly string[], status: number): void {
  assert(answers.length >= 5, answers.join('\n'));
  assert.equal(new Set(answers).size, 1, answers.join('\n'));
  assert.match(answers[0] ?? '', new RegExp(`^SIP/2.0 ${status} tag=.`));
}

async function lateAnswer(surroundings: CaseSurroundings): Promise<void> {
  const server = await surroundings.startServer({ users, policy: { answerWithin: '1s' } });
  const localPort = await freePort();
  const client = await clientOfBob(surroundings, { scenario: 'answer', status: '200 OK', pauseMilliseconds: 2500, localPort });
  await sendAndSee(surroundings, 202);
  await assertNothingWaits(server);
  await assertEachOnce(client, 1);
  await client.stop();
  await register(surroundings, bob, localPort);
  const again = await startSipp(surroundings, { scenario: 'receive', localPort }).listening();
  await sendAndSee(surroundings, 200);
  await assertEachOnce(again, 1);
  assert.notEqual(again.logged[0], client.logged[0], 'it is pushed again');
}

async function amongThree(surroundings: CaseSurroundings, status: string): Promise<void> {
  const server = await surroundings.startServer({ users });
  const clients = [
    await clientOfBob(surroundings, { scenario: 'answer', status }),
    await clientOfBob(surroundings, { scenario: 'stay-silent' }),
    await clientOfBob(surroundings, { scenario: 'answer', status: '200 OK', pauseMilliseconds: 300 }),
  ];
  await sendAndSee(surroundings, 200);
  for (const client of clients) await assertEachOnce(client, 1);
  await assertNothingWaits(server);
}

async function bothTakeIt(surroundings: CaseSurroundings): Promise<void> {
  const server = await surroundings.startServer({ users });
  const clients = [
    await clientOfBob(surroundings, { scenario: 'answer', status: '200 OK' }),
    await clientOfBob(surroundings, { scenario: 'answer', status: '200 OK', pauseMilliseconds: 1000 }),
  ];
  await sendAndSee(surroundings, 200);
  for (const client of clients) await assertEachOnce(client, 1);
  await assertNothingWaits(server);
}

async function refusedByAll(surroundings: CaseSurroundings): Promise<void> {
  const server = await surroundings.startServer({ users, policy: { undelivered: 'reject' } });
  const clients = [
    await clientOfBob(surroundings, { scenario: 'answer', status: '488 Not Acceptable Here' }),
    await clientOfBob(surroundings, { scenario: 'answer', status: '404 Not Found', pauseMilliseconds: 200 }),
  ];
  await sendAndSee(surroundings, 404);
  clients.push(await clientOfBob(surroundings, { scenario: 'answer', status: '603 Decline' }));
  await sendAndSee(surroundings, 603);
  for (const [place, client] of clients.entries()) await assertEachOnce(client, place < 2 ? 2 : 1);
  await assertNothingWaits(server);
}

async function refusedForNow(surroundings: CaseSurroundings): Promise<void> {
  const server = await surroundings.startServer({ users, policy: { undelivered: 'reject' } });
  await clientOfBob(surroundings, { scenario: 'answer', status: '603 Decline' });
  await clientOfBob(surroundings, { scenario: 'answer', status: '486 Busy Here' });
  await sendAndSee(surroundings, 202);
  assert.notEqual((await server.command(['queue', 'list', '--user', bob.user])).output, '', 'it waits');
}

async function takesLater(surroundings: CaseSurroundings): Promise<void> {
  const server = await surroundings.startServer({ users, policy: { pushRetryFirst: '1h' } });
  const client = await clientOfBob(surroundings, { scenario: 'refuse-then-take' });
  await sendAndSee(surroundings, 202);
  await assertNothingWaits(server);
  const [refused = '', taken = '', ...more] = client.logged;
  assert.deepEqual(more, []);
  assert.match(refused, /^480 imdn/);
  assert.equal(taken, refused.replace('480', '200'));
}

/** The sender gets that final answer and no other one within some seconds. */
async function sendAndSee(surroundings: CaseSurroundings, status: number): Promise<void> {
  const injected = await injectedMessages(surroundings.port, 1);
  const sending = { remotePort: surroundings.port, injected, calls: 1, reliable: false };
  const sender = startSipp(surroundings, { scenario: 'send-and-watch', localPort: await freePort(), ...sending });
  await sender.finished();
  assert.deepEqual(
    sender.logged.map((line) => line.replace(/ tag=.*/, '')),
    [`SIP/2.0 ${status}`],
  );
}

type ClientOptions = Pick<Parameters<typeof startSipp>[1], 'scenario' | 'status' | 'pauseMilliseconds'> & { readonly localPort?: number };

async function clientOfBob(surroundings: CaseSurroundings, { localPort, ...options }: ClientOptions): Promise<Sipp> {
  const port = localPort ?? (await freePort());
  await register(surroundings, bob, port);
  return startSipp(surroundings, { ...options, localPort: port }).listening();
}

async function registerAndTakeWhatComes(surroundings: CaseSurroundings): Promise<Sipp> {
  const injected = [await injectedRegistration(surroundings.port, bob)];
  const registering = { localPort: await freePort(), remotePort: surroundings.port, injected, calls: 1 };
  return startSipp(surroundings, { scenario: 'register-and-stay', outOfCall: 'receive', ...registering });
}

/** So many messages came, each as one request. */
async function assertEachOnce(client: Sipp, messages: number): Promise<void> {
  await eventually(
    `${messages} messages`,
    () => {
      client.assertRunning();
      return new Set(client.logged).size === messages ? true : undefined;
    },
    { withinMilliseconds: lossyMilliseconds, seen: () => client.logged.join('\n') },
  );
  assert.equal(client.logged.length, messages, 'a message came more than once');
}

async function assertNothingWaits(server: ServerProcess): Promise<void> {
  const waiting = async (): Promise<string> => (await server.command(['queue', 'list', '--user', bob.user])).output;
  await eventually('the queue is empty', async () => ((await waiting()) === '' ? true : undefined), { withinMilliseconds: 30_000 });
}
