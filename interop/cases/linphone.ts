import assert from 'node:assert/strict';
import type { CaseSurroundings, InteropCase } from '../case.ts';
import { kamailioProgram } from '../peers/kamailio.ts';
import { Linphone, type LinphoneOptions, linphoneProgram } from '../peers/linphone.ts';
import { freePort } from '../surroundings/free-port.ts';
import { eventsOf, type ServerProcess } from '../surroundings/server-process.ts';
import { addressOf } from '../surroundings/sip-text.ts';
import { alice, bob, users } from './accounts.ts';
import { startEdge } from './edge.ts';

const needs = [linphoneProgram];

export const linphoneCases: readonly InteropCase[] = [
  { name: 'linphone registers with digest and shows what our client sends', needs, run: receives },
  { name: 'linphone: its notification tells our client that the message was delivered', needs, run: notifies },
  { name: 'linphone sends a text, and our client shows it', needs, run: sends },
  { name: 'linphone comes later and shows what waited for it', needs, run: comesLater },
  {
    name: 'linphone behind Kamailio as edge over UDP: text both ways',
    needs: [...needs, kamailioProgram],
    run: (one) => byEdge(one, 'udp'),
  },
  {
    name: 'linphone behind Kamailio as edge over TCP: text both ways',
    needs: [...needs, kamailioProgram],
    run: (one) => byEdge(one, 'tcp'),
  },
];

async function receives(surroundings: CaseSurroundings): Promise<void> {
  const server = await surroundings.startServer({ users });
  const linphone = await linphoneOfBob(surroundings);
  await sendAsAlice(server, 'hello linphone', '--wait', '0');
  await linphone.shows(addressOf(alice.user), 'hello linphone');
}

async function notifies(surroundings: CaseSurroundings): Promise<void> {
  const server = await surroundings.startServer({ users });
  await linphoneOfBob(surroundings);
  const output = await sendAsAlice(server, 'tell me', '--wait', '5');
  const notifications = eventsOf(output, 'notification').map(({ from, status }) => [from, status]);
  assert.deepEqual(notifications[0], [addressOf(bob.user), 'delivered'], output);
}

async function sends(surroundings: CaseSurroundings): Promise<void> {
  const server = await surroundings.startServer({ users });
  await sendsToAlice(await linphoneOfBob(surroundings), server, surroundings);
}

async function sendsToAlice(linphone: Linphone, server: ServerProcess, { after }: CaseSurroundings): Promise<void> {
  const listener = await server.listenAs(alice.user, '--count', '1', '--for', '15');
  after(() => listener.stop());
  linphone.send(addressOf(alice.user), 'hello from linphone');
  const { output, errors } = await listener.ended;
  const messages = eventsOf(output, 'message').map(({ from, text }) => [from, text]);
  assert.deepEqual(messages, [[addressOf(bob.user), 'hello from linphone']], `${output}${errors}${server.log}`);
}

async function comesLater(surroundings: CaseSurroundings): Promise<void> {
  const server = await surroundings.startServer({ users });
  await sendAsAlice(server, 'while you were away', '--wait', '0');
  const linphone = await linphoneOfBob(surroundings);
  await linphone.shows(addressOf(alice.user), 'while you were away');
}

async function byEdge(surroundings: CaseSurroundings, transport: 'udp' | 'tcp'): Promise<void> {
  const server = await surroundings.startServer({ users });
  const { port: serverPort } = await startEdge(surroundings, transport);
  const linphone = await linphoneOfBob(surroundings, { serverPort, transport });
  await sendAsAlice(server, 'hello behind the edge', '--wait', '0');
  await linphone.shows(addressOf(alice.user), 'hello behind the edge');
  await sendsToAlice(linphone, server, surroundings);
}

async function linphoneOfBob({ folder, port, after }: CaseSurroundings, reached: Reached = {}): Promise<Linphone> {
  const place = { folder: folder('linphone'), localPort: await freePort() };
  const linphone = new Linphone({ ...place, account: bob, serverPort: port, ...reached });
  after(() => linphone.quit());
  await linphone.registered();
  return linphone;
}

type Reached = Partial<Pick<LinphoneOptions, 'serverPort' | 'transport'>>;

async function sendAsAlice(server: ServerProcess, text: string, ...words: readonly string[]): Promise<string> {
  const { code, output, errors } = await server.command(['send', '--as', alice.user, bob.user, text, ...words]);
  assert.equal(code, 0, `opencpm send ended with ${code}: ${output}${errors}`);
  return output;
}
