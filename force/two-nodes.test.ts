import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../interop/surroundings/eventually.ts';
import { freePort } from '../interop/surroundings/free-port.ts';
import type { Account, ServerProcess } from '../interop/surroundings/server-process.ts';
import { requestWith, SipSocket } from '../interop/surroundings/sip-socket.ts';
import { addressOf, credentials, headerOf, okTo, requestText, statusOf, token } from '../interop/surroundings/sip-text.ts';
import { TcpStream } from '../interop/surroundings/tcp-stream.ts';
import { bodyOf, headersOf } from './message.ts';
import { type NodesUnderTest, startTwoNodes } from './two-nodes.ts';

const [alice, bob, carol, dora] = [accountOf('alice'), accountOf('bob'), accountOf('carol'), accountOf('dora')];
const users = [alice, bob, carol, dora];

function accountOf(user: string): Account {
  return { user, password: `password of ${user}` };
}

interface Letter {
  readonly to: string;
  readonly id?: string;
  readonly conversation?: string;
}

/** Sends a message as that user and gives the final answer, 407 met by his password. */
async function send(from: SipSocket, account: Account, { to, id = token(), conversation = token() }: Letter): Promise<string> {
  const uri = addressOf(to);
  const message = { id, kind: 'text' as const, from: account.user, to, conversation };
  const parts = { method: 'MESSAGE', uri, from: addressOf(account.user), to: uri, callId: token(), body: bodyOf(message) };
  const challenge = await from.request({ ...parts, headers: headersOf(message) });
  if (statusOf(challenge) !== 407) return challenge;
  return from.request({ ...parts, cseq: 2, headers: [...headersOf(message), credentials(challenge, { account, method: 'MESSAGE', uri })] });
}

function requestsWith(socket: SipSocket, id: string): readonly string[] {
  return socket.requests.filter((request) => request.includes(`imdn.Message-ID: ${id}`));
}

/** One by transaction: what came again with the same branch is a retransmission. */
function branchesWith(socket: SipSocket, id: string): readonly string[] {
  return [...new Set(requestsWith(socket, id).map((request) => headerOf(request, 'Via')?.match(/branch=([^;]+)/)?.[1] ?? ''))];
}

describe('two nodes on one PostgreSQL (architecture: storage)', () => {
  let nodes: NodesUnderTest;
  let a: ServerProcess;
  let b: ServerProcess;
  const sockets: SipSocket[] = [];

  async function clientAt(node: ServerProcess, answerTo = okTo): Promise<SipSocket> {
    const socket = await SipSocket.open(node, answerTo);
    sockets.push(socket);
    return socket;
  }

  async function waiting(node: ServerProcess, user: string): Promise<number> {
    return (await nodes.administrationOf(node).queue(user)).length;
  }

  before(async () => {
    nodes = await startTwoNodes({ users, digest: ['MD5'], policy: { answerWithin: '2s', pushRetryFirst: '1s' } });
    ({ a, b } = nodes);
  });
  after(async () => {
    for (const socket of sockets) socket.close();
    await nodes.stop();
  });

  it('a client registered at one node gets what comes in at the other, both ways', async () => {
    const [atA, atB] = [await clientAt(a), await clientAt(b)];
    await atA.register(alice);
    await atB.register(bob);
    assert.equal(statusOf(await untilRelayed(() => send(atA, alice, { to: 'bob' }))), 200);
    assert.equal(statusOf(await untilRelayed(() => send(atB, bob, { to: 'alice' }))), 200);
    const id = token();
    assert.equal(statusOf(await send(atA, alice, { to: 'bob', id })), 200);
    assert.equal(branchesWith(atB, id).length, 1);
    assert.match(headerOf(requestsWith(atB, id)[0] ?? '', 'P-Called-Party-ID') ?? '', /bob/);
    assert.doesNotMatch(requestsWith(atB, id)[0] ?? '', /^Route:/im, 'what is between the nodes stays there');
    await atB.register(bob, 0);
    await atA.register(alice, 0);
  });

  it('what waits is pushed at the other node, in order and once', async () => {
    const atA = await clientAt(a);
    const ids = Array.from({ length: 20 }, () => token());
    for (const id of ids) assert.equal(statusOf(await send(atA, alice, { to: 'carol', id, conversation: 'conversation of carol' })), 202);
    const atB = await clientAt(b);
    await atB.register(carol);
    await requestWith(atB, `imdn.Message-ID: ${ids.at(-1)}`);
    const order = atB.requests.map((request) => headerOf(request, 'imdn.Message-ID'));
    assert.deepEqual([...new Set(order)], ids);
    for (const id of ids) assert.equal(branchesWith(atB, id).length, 1);
    await eventually('the queue is empty', async () => ((await waiting(a, 'carol')) === 0 ? true : undefined));
    await atB.register(carol, 0);
  });

  it('a message that no client took in time is pushed by the node that has the client, once the first request has ended', async () => {
    const atA = await clientAt(a);
    let isSilent = false;
    const slow = await clientAt(b, (request) => (isSilent ? '\r\n\r\n' : okTo(request)));
    await slow.register(dora);
    await untilRelayed(() => send(atA, alice, { to: 'dora' }));
    isSilent = true;
    const id = token();
    assert.equal(statusOf(await send(atA, alice, { to: 'dora', id })), 202);
    assert.equal(branchesWith(slow, id).length, 1);
    // Answered late, by the transaction that it is still on its way in.
    isSilent = false;
    await eventually('it leaves the queue', async () => ((await waiting(a, 'dora')) === 0 ? true : undefined));
    assert.equal(branchesWith(slow, id).length, 1, 'it was sent a second time');
    await slow.register(dora, 0);
  });

  it('a client on a connection to one node gets what comes in at the other', async () => {
    const [stream, atA] = [await TcpStream.connect(b.port), await clientAt(a)];
    await registerOver(stream, dora);
    for (const expected of [[200, 202], [200]]) {
      const id = token();
      const answer = send(atA, alice, { to: 'dora', id });
      const received = await stream.received(`imdn.Message-ID: ${id}`);
      stream.write(okTo(received.slice(received.lastIndexOf('MESSAGE sip:'))));
      assert(expected.includes(statusOf(await answer)), await answer);
    }
    stream.end();
    const kept = token();
    await eventually('a hears that the connection is gone', async () =>
      statusOf(await send(atA, alice, { to: 'dora', id: kept })) === 202 ? true : undefined,
    );
    const again = await clientAt(a);
    await again.register(dora);
    await requestWith(again, `imdn.Message-ID: ${kept}`);
    await again.register(dora, 0);
  });

  it('a user, a rule and a bar that are set at one node hold at the other', async () => {
    const frank = { user: 'frank', password: 'password of frank' };
    assert.equal((await a.command(['user', 'add', frank.user, '--password', frank.password])).code, 0);
    const atB = await clientAt(b);
    await eventually('frank can register at b', async () => (statusOf(await atB.tryToRegister(frank, 3600)) === 200 ? true : undefined));
    assert.equal((await a.command(['user', 'block', 'frank', addressOf('alice')])).code, 0);
    const atOther = await clientAt(b);
    await eventually('frank’s list holds at b', async () =>
      statusOf(await send(atOther, alice, { to: 'frank' })) === 403 ? true : undefined,
    );
    assert.equal((await b.command(['user', 'remove', 'frank'])).code, 0);
    const atA = await clientAt(a);
    await eventually('frank is nobody at a', async () => (statusOf(await send(atA, alice, { to: 'frank' })) === 404 ? true : undefined));
  });

  it('a server without a name, a node of the same name and a node on SQLite are refused, and say why', async () => {
    const cluster = { node: 'b', listen: `tcp://127.0.0.1:${await freePort()}`, lease: '2s' };
    await assert.rejects((await nodes.another('alone', {})).start(), /several nodes: give this server a name/);
    await assert.rejects((await nodes.another('same', { cluster })).start(), /Another server is the node b/);
    await assert.rejects((await nodes.another('sqlite', { cluster, storage: 'sqlite:./x.db' })).start(), /several servers can share/);
    assert.deepEqual([a.isRunning, b.isRunning], [true, true]);
  });

  it('b is killed: its clients and what waits go to a; b comes back, and a is killed', async () => {
    const [atA, atB] = [await clientAt(a), await clientAt(b)];
    await atB.register(bob);
    await untilRelayed(() => send(atA, alice, { to: 'bob' }));
    await b.crash();
    const toDead = token();
    assert.equal(statusOf(await send(atA, alice, { to: 'bob', id: toDead })), 202, 'it is kept while its client is nobody’s');
    // The other node takes his client over and reaches it from its own socket.
    await requestWith(atB, `imdn.Message-ID: ${toDead}`);
    await eventually('nothing waits for bob', async () => ((await waiting(a, 'bob')) === 0 ? true : undefined));
    assert.equal(branchesWith(atB, toDead).length, 1);
    await b.start();
    await atB.register(bob, 0);
    const [aliceAtB, bobAtA] = [await clientAt(b), await clientAt(a)];
    await bobAtA.register(bob);
    await untilRelayed(() => send(aliceAtB, alice, { to: 'bob' }));
    const across = token();
    assert.equal(statusOf(await send(aliceAtB, alice, { to: 'bob', id: across })), 200);
    assert.equal(branchesWith(bobAtA, across).length, 1);
    await a.crash();
    const afterA = token();
    assert.equal(statusOf(await send(aliceAtB, alice, { to: 'bob', id: afterA })), 202);
    const bobAtB = await clientAt(b);
    await bobAtB.register(bob);
    await requestWith(bobAtB, `imdn.Message-ID: ${afterA}`);
    await eventually('nothing waits for bob', async () => ((await waiting(b, 'bob')) === 0 ? true : undefined));
    assert.equal(branchesWith(bobAtB, afterA).length + branchesWith(bobAtA, afterA).length, 1);
  });
});

async function registerOver(stream: TcpStream, account: Account): Promise<void> {
  const [uri, sentBy] = [addressOf('').replace('@', ''), `TCP 127.0.0.1:${stream.localPort}`];
  const contact = `<sip:${account.user}@127.0.0.1:${stream.localPort};transport=tcp>;+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.msg"`;
  const headers = [`Contact: ${contact}`, 'Expires: 3600'];
  const parts = { method: 'REGISTER', uri, sentBy, from: addressOf(account.user), to: addressOf(account.user), callId: token() };
  stream.write(requestText({ ...parts, headers }));
  const challenge = await stream.received('Content-Length: 0\r\n\r\n');
  stream.write(requestText({ ...parts, cseq: 2, headers: [...headers, credentials(challenge, { account, method: 'REGISTER', uri })] }));
  await stream.received('SIP/2.0 200');
}

function untilRelayed(sendOne: () => Promise<string>): Promise<string> {
  return untilAnswered(sendOne, (status) => status === 200);
}

/** The other node may hear of a client a moment after the client heard 200: until then messages are kept. */
function untilAnswered(sendOne: () => Promise<string>, isExpected: (status: number) => boolean): Promise<string> {
  return eventually('the answer of a node that knows the client', async () => {
    const answer = await sendOne();
    return isExpected(statusOf(answer)) ? answer : undefined;
  });
}
