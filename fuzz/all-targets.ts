import type { Target } from './target.ts';
import { endpointTarget } from './targets/endpoint.ts';
import { framerTarget } from './targets/framer.ts';
import { parseTarget } from './targets/parse.ts';
import { payloadsTarget } from './targets/payloads.ts';
import { serverTarget } from './targets/server.ts';

/** From the part to the whole. */
export const allTargets: readonly Target[] = [parseTarget, framerTarget, payloadsTarget, endpointTarget, serverTarget];
