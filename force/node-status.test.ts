import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../interop/surroundings/eventually.ts';
import type { ServerProcess } from '../interop/surroundings/server-process.ts';
import { SipSocket } from '../interop/surroundings/sip-socket.ts';
import { type NodesUnderTest, startTwoNodes } from './two-nodes.ts';

const users = ['alice', 'bob', 'carol'].map((user) => ({ user, password: `password of ${user}` }));

interface NodeLine {
  readonly state: string;
  readonly since?: string;
  readonly leaseUntil?: string;
  readonly bindings: number;
}

describe('opencpm status of several nodes', () => {
  let nodes: NodesUnderTest;
  const sockets: SipSocket[] = [];

  /** By name, as that node's administration has them, or, once it does not run, its database. */
  async function nodesSeenBy(server: ServerProcess): Promise<Readonly<Record<string, NodeLine>>> {
    const { code, output, errors } = await server.command(['status']);
    assert.equal(code, 0, errors);
    const status: { readonly nodes: readonly (NodeLine & { readonly name: string })[] } = JSON.parse(output);
    return Object.fromEntries(status.nodes.map(({ name, ...line }) => [name, line]));
  }

  async function states(server: ServerProcess): Promise<Readonly<Record<string, readonly [state: string, bindings: number]>>> {
    const seen = Object.entries(await nodesSeenBy(server));
    return Object.fromEntries(seen.map(([name, { state, bindings }]) => [name, [state, bindings] as const]));
  }

  before(async () => {
    nodes = await startTwoNodes({ users, digest: ['MD5'] });
  });
  after(async () => {
    for (const socket of sockets) socket.close();
    await nodes.stop();
  });

  it('each tells of both since when they are there, until when, and how many clients they have', async () => {
    const { a, b } = nodes;
    for (const [index, account] of users.entries()) {
      const socket = await SipSocket.open(index === 0 ? a : b);
      sockets.push(socket);
      await socket.register(account);
    }
    const [byA, byB] = [await nodesSeenBy(a), await nodesSeenBy(b)];
    for (const seen of [byA, byB]) {
      assert.deepEqual([seen.a?.state, seen.a?.bindings], ['alive', 1]);
      assert.deepEqual([seen.b?.state, seen.b?.bindings], ['alive', 2]);
    }
    assert.deepEqual([byA.a?.since, byA.b?.since], [byB.a?.since, byB.b?.since]);
    const { since = '', leaseUntil = '' } = byA.b ?? {};
    assert(Date.parse(byA.a?.since ?? '') < Date.parse(since) && Date.parse(since) < Date.parse(leaseUntil), `${since} to ${leaseUntil}`);
  });

  it('one that was killed is gone, its clients are the other one’s, and it is back under a later start', async () => {
    const { a, b } = nodes;
    const before = (await nodesSeenBy(a)).b?.since ?? '';
    await b.crash();
    await eventually('a has the clients of b', async () => ((await nodesSeenBy(a)).a?.bindings === 3 ? true : undefined));
    const gone = (await nodesSeenBy(a)).b;
    assert.deepEqual([gone?.state, gone?.bindings, gone?.since], ['gone', 0, undefined]);
    assert(Date.parse(gone?.leaseUntil ?? '') <= Date.now());
    await b.start();
    const back = (await nodesSeenBy(a)).b;
    assert.deepEqual([back?.state, back?.bindings], ['alive', 0]);
    assert(Date.parse(back?.since ?? '') > Date.parse(before));
  });

  it('one that was stopped has left, and is not called gone; the database alone tells of both', async () => {
    const { a, b } = nodes;
    await b.stop();
    assert.deepEqual(await states(a), { a: ['alive', 3], b: ['stopped', 0] });
    await a.stop();
    assert.deepEqual(await states(a), { a: ['stopped', 3], b: ['stopped', 0] });
  });
});
