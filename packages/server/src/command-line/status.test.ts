import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InMemoryAdministration } from '../admin/in-memory-administration.fixture.ts';
import type { NodeSummary, ServerStatus } from '../administration.ts';
import { folderServedBy, run } from './in-process.fixture.ts';

const nodes: readonly NodeSummary[] = [
  { name: 'east', state: 'alive', since: '2026-01-02T03:04:05.000Z', leaseUntil: '2026-01-03T00:00:06.000Z', bindings: 12 },
  { name: 'north', state: 'stopped', bindings: 0 },
  { name: 'west', state: 'gone', leaseUntil: '2026-01-02T23:59:00.000Z', bindings: 3 },
];

test('the status lists the nodes of a cluster, and says of a dead one when its lease ended', async (context) => {
  const administration = new InMemoryAdministration([], []);
  administration.nodes = nodes;
  const folder = await folderServedBy(context, administration);
  const { code, out } = await run(folder, 'status');
  assert.equal(code, 0);
  const lines = out.split('\n').map((line) => line.trim());
  assert.deepEqual(lines.slice(lines.findIndex((line) => line.startsWith('nodes'))).slice(0, 3), [
    'nodes      east: there since 2026-01-02T03:04:05.000Z, lease until 2026-01-03T00:00:06.000Z, 12 registered clients',
    'north: stopped, 0 registered clients',
    'west: gone, its lease ended 2026-01-02T23:59:00.000Z, 3 registered clients',
  ]);
  assert.deepEqual(JSON.parse((await run(folder, 'status', '--json')).out).nodes, nodes);
});

test('a server that has its database for itself has no line about nodes', async (context) => {
  const folder = await folderServedBy(context, new InMemoryAdministration([], []));
  assert.doesNotMatch((await run(folder, 'status')).out, /nodes/);
});

test('that the nodes are not known is said, and is not the same as none', async (context) => {
  class Unanswered extends InMemoryAdministration {
    override async status(): Promise<ServerStatus> {
      const { nodes: _unknown, ...known } = await super.status();
      return known;
    }
  }
  const folder = await folderServedBy(context, new Unanswered([], []));
  assert.match((await run(folder, 'status')).out, /\n {2}nodes +not known: the database did not answer\n/);
});
