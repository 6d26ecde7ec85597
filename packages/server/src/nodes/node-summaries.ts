import { type Database, type Lease, Leases } from '@opencpm/storage';
import type { NodeSummary } from '../administration.ts';
import { isFault } from '../database-services.ts';
import { startedAtOf } from './lease-holder.ts';

/**
 * The nodes that have ever been on the database, by name; none where it can have no nodes. Undefined when the database did not
 * answer. `now` in milliseconds since the epoch tells which bindings count.
 */
export async function nodeSummaries(database: Database, now: number): Promise<readonly NodeSummary[] | undefined> {
  if (database.engine !== 'postgres') return [];
  const leases = new Leases(database);
  const [nodes, bindings] = await Promise.all([leases.nodes(), leases.bindingsHeld(now)]);
  if (isFault(nodes) || isFault(bindings)) return undefined;
  return nodes.filter(({ name }) => name !== '').map((lease) => nodeSummary(lease, bindings.get(lease.name) ?? 0));
}

function nodeSummary(lease: Lease, bindings: number): NodeSummary {
  const startedAt = startedAtOf(lease.holder);
  return {
    name: lease.name,
    state: stateOf(lease),
    ...(startedAt === undefined ? {} : { since: instant(startedAt) }),
    ...(lease.expiresAt === 0 ? {} : { leaseUntil: instant(lease.expiresAt) }),
    bindings,
  };
}

/** Who leaves by himself ends his lease at the epoch. */
function stateOf({ isAlive, expiresAt }: Lease): NodeSummary['state'] {
  if (isAlive) return 'alive';
  return expiresAt === 0 ? 'stopped' : 'gone';
}

function instant(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
