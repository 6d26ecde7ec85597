import type { Endpoint, RequestHandler } from '@opencpm/sip';
import type { CoreContext } from '../core/core-context.ts';
import type { EmbeddedCore } from '../core/embedded-core.ts';
import type { DatabaseServices } from '../database-services.ts';
import type { ParticipatingFunction } from '../participating-function.ts';
import type { ServerPlatform } from '../platform.ts';
import { NodeRoutes } from './node-routes.ts';
import type { Nodes } from './nodes.ts';
import { FromNodes, OtherNodes } from './other-nodes.ts';

interface Joined {
  readonly platform: ServerPlatform;
  readonly core: CoreContext;
  readonly services: DatabaseServices;
  readonly nodes: Nodes | undefined;
}

/** To the clients of other nodes; empty for a server alone. */
export function waysBetweenNodes(
  { platform, core, services, nodes }: Joined,
  endpoint: Endpoint,
): { readonly elsewhere?: OtherNodes; readonly routes?: NodeRoutes } {
  if (nodes === undefined || core.configuration.cluster === undefined) return {};
  const routes = new NodeRoutes(platform.hashes, services.deliveryKey);
  return { routes, elsewhere: new OtherNodes({ endpoint, routes, addressOf: nodes.addressOf }) };
}

interface Served {
  readonly core: CoreContext;
  readonly functions: ParticipatingFunction;
}

/** What other nodes send goes to the clients here, all else to the core. */
export function serveNodes({ core, functions }: Served, embedded: EmbeddedCore, routes: NodeRoutes | undefined): RequestHandler {
  if (routes === undefined) return (transaction) => embedded.received(transaction);
  const fromNodes = new FromNodes({
    routes,
    location: core.location,
    pushes: functions.pushes,
    newTag: core.self.newTag,
    toClient: (owner, client, request, branch) => embedded.toClientNamed(owner, client, request, branch),
  });
  return (transaction) => fromNodes.received(transaction) ?? embedded.received(transaction);
}
