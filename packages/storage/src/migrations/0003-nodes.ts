import type { Migration } from './migrate.ts';

/**
 * Several nodes on one database. `leases` says who may act as a node or do a work that only one may do: until
 * `expires_at`, by the database's clock, and under a token that grows with each new holder. `holder` is empty when what the
 * last one had was taken over; `address` is where other nodes reach a node. `node` of a binding is the node that its
 * client registered at, empty in an installation of one.
 */
export const nodesSchema: Migration = {
  id: 3,
  name: 'nodes',
  statements: [
    `CREATE TABLE leases (
      name TEXT NOT NULL PRIMARY KEY,
      holder TEXT NOT NULL,
      token BIGINT NOT NULL,
      address TEXT NOT NULL,
      expires_at BIGINT NOT NULL
    )`,
    "ALTER TABLE bindings ADD COLUMN node TEXT NOT NULL DEFAULT ''",
    'CREATE INDEX bindings_by_node ON bindings (node)',
  ],
};
