import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterContradictions } from './cluster-contradictions.ts';

const listen = { transport: 'TCP', host: '10.0.0.1', port: 5080 } as const;
const postgres = { engine: 'postgres', url: 'postgres://opencpm@db.example.net/opencpm' } as const;

function pathsOf(...parameters: Parameters<typeof clusterContradictions>): readonly string[] {
  return clusterContradictions(...parameters).map(({ path }) => path.join('.'));
}

test('a node has a name, an address and PostgreSQL; a server alone has none of them', () => {
  assert.deepEqual(pathsOf({ cluster: { node: 'a', listen }, storage: postgres }), []);
  assert.deepEqual(pathsOf({ cluster: {}, storage: { engine: 'sqlite', path: 'opencpm.db' } }), []);
  assert.deepEqual(pathsOf({ cluster: { node: 'a' }, storage: postgres }), ['cluster.node']);
  assert.deepEqual(pathsOf({ cluster: { listen }, storage: postgres }), ['cluster.listen']);
  assert.deepEqual(pathsOf({ cluster: { node: 'a', listen }, storage: { engine: 'sqlite', path: 'opencpm.db' } }), ['cluster']);
});
