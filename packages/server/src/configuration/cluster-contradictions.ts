import type { ListenAddress } from './configuration.ts';
import type { Finding } from './problems.ts';
import type { StorageLocation } from './storage-location.ts';

interface WrittenCluster {
  readonly cluster: { readonly node?: string | undefined; readonly listen?: ListenAddress | undefined };
  readonly storage: StorageLocation;
}

/** Nodes need a name, an address and a database that several processes can have. */
export function clusterContradictions({ cluster: { node, listen }, storage }: WrittenCluster): readonly Finding[] {
  if (node === undefined && listen === undefined) return [];
  const findings: Finding[] = [];
  if (node === undefined) findings.push({ path: ['cluster', 'listen'], text: 'needs a name beside it (write cluster.node)' });
  if (listen === undefined)
    findings.push({ path: ['cluster', 'node'], text: 'needs an address for the other nodes (write cluster.listen)' });
  if (storage.engine !== 'postgres') {
    const text = 'needs a database that several servers can share (write storage: "postgres://USER:PASSWORD@HOST/DATABASE")';
    findings.push({ path: ['cluster'], text });
  }
  return findings;
}
