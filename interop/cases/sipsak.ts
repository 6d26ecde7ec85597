import assert from 'node:assert/strict';
import type { CaseSurroundings, InteropCase } from '../case.ts';
import { addressAtSipsak, Sipsak, sipsakDomain, sipsakProgram } from '../peers/sipsak.ts';
import type { Ending, Program } from '../surroundings/program.ts';
import { eventsOf, type ServerProcess } from '../surroundings/server-process.ts';
import { alice, bob, users } from './accounts.ts';

export const sipsakCases: readonly InteropCase[] = [
  withSipsak('OPTIONS to the server over UDP and TCP: 200', asksServer),
  withSipsak('REGISTER with digest, and with a wrong password', registers),
  withSipsak('MESSAGE with credentials to a registered user: 200', sendsToPresent),
  withSipsak('MESSAGE with credentials to a user who is away: 202', sendsToAbsent),
  withSipsak('MESSAGE with a wrong password: challenged again', sendsWithWrongPassword),
  {
    ...withSipsak('MESSAGE by its own message mode (-M)', sendsByItsMode),
    knownFailure: 'sipsak 0.9.8.1 of Debian 12 ends with a segmentation fault in this mode, before it sends anything',
  },
];

type Attempt = (sipsak: Sipsak, server: ServerProcess, surroundings: CaseSurroundings) => Promise<void>;

function withSipsak(name: string, attempt: Attempt): InteropCase {
  const run = async (surroundings: CaseSurroundings): Promise<void> => {
    const server = await surroundings.startServer({ domain: sipsakDomain, digest: ['MD5', 'SHA-256'], users });
    await attempt(new Sipsak(surroundings.folder('sipsak'), server.port), server, surroundings);
  };
  return { name: `sipsak: ${name}`, needs: [sipsakProgram], run };
}

async function asksServer(sipsak: Sipsak): Promise<void> {
  for (const transport of ['udp', 'tcp']) {
    const asked = await sipsak.options(`sip:${sipsakDomain}`, '-E', transport);
    assertPrints(asked, 0, 'SIP/2.0 200 OK');
    assert.match(asked.output, /^Allow:.*\bMESSAGE\b/m);
    assert.match(asked.output, /^Accept:.*message\/cpim/m);
  }
}

async function registers(sipsak: Sipsak, server: ServerProcess): Promise<void> {
  const contact = 'sip:bob@127.0.0.1:29777';
  const refused = await sipsak.register({ ...bob, password: 'wrong' }, contact);
  assertPrints(refused, 2, 'SIP/2.0 401 Unauthorized');
  assert.match(refused.errors, /authorization failed/);
  assertPrints(await sipsak.register(bob, contact), 0, 'All usrloc tests completed successful.');
  const { output } = await server.command(['user', 'list']);
  assert.match(output, /"user":"bob".*sip:bob@127\.0\.0\.1:29777/, output);
}

async function sendsToPresent(sipsak: Sipsak, server: ServerProcess, { after }: CaseSurroundings): Promise<void> {
  const listener = await server.listenAs(bob.user, '--count', '1');
  after(() => listener.stop());
  assertPrints(await sipsak.send(alice, bob.user, 'hello from sipsak'), 0, 'SIP/2.0 200 OK');
  await assertShown(listener, 'hello from sipsak');
}

async function sendsToAbsent(sipsak: Sipsak, server: ServerProcess): Promise<void> {
  assertPrints(await sipsak.send(alice, bob.user, 'for later'), 0, 'SIP/2.0 202 Accepted');
  await assertShown(await server.listenAs(bob.user, '--count', '1'), 'for later');
}

async function assertShown(listener: Program, text: string): Promise<void> {
  const shown = eventsOf((await listener.ended).output, 'message').map((message) => [message.from, message.text]);
  assert.deepEqual(shown, [[addressAtSipsak(alice.user), text]]);
}

async function sendsWithWrongPassword(sipsak: Sipsak): Promise<void> {
  const refused = await sipsak.send({ ...alice, password: 'wrong' }, bob.user, 'not mine');
  assertPrints(refused, 2, 'SIP/2.0 407 Proxy Authentication Required');
}

async function sendsByItsMode(sipsak: Sipsak): Promise<void> {
  assertPrints(await sipsak.options(`sip:${sipsakDomain}`), 0, 'SIP/2.0 200 OK');
  const words = ['-M', '-B', 'hello', '-s', addressAtSipsak(bob.user), '-u', alice.user, '-a', alice.password, '-vv'];
  assertPrints(await sipsak.run(...words), 0, 'SIP/2.0 202 Accepted');
}

/** It prints what went wrong apart from the rest. */
function assertPrints({ code, output, errors }: Ending, expectedCode: number, text: string): void {
  assert.equal(code, expectedCode, `${output}${errors}`);
  assert(`${output}${errors}`.includes(text), `${output}${errors}`);
}
