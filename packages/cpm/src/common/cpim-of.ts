import { type CpimMessage, isPayloadProblem, type PayloadProblem, parseCpim } from '@opencpm/payloads';
import type { SipRequest } from '@opencpm/sip';

/** The CPIM message that a body holds, parsed once for all functions that the same body passes. */
export function cpimOf(body: Uint8Array): CpimMessage | PayloadProblem {
  for (const known of recent) if (known.body === body) return known.cpim;
  const cpim = parseCpim(body);
  recent[next] = { body, cpim };
  next = (next + 1) % maxRecent;
  return cpim;
}

/** Bodies that are remembered: those of the messages that pass just now. One that was forgotten is parsed again. */
const maxRecent = 16;
const recent: { readonly body: Uint8Array; readonly cpim: CpimMessage | PayloadProblem }[] = [];
let next = 0;

/** The same of a request that becomeCpmMessage has let pass. */
export function cpimIn({ body }: SipRequest): CpimMessage {
  const cpim = cpimOf(body);
  // becomeCpmMessage has parsed the same octets before: anything else is a fault of this program.
  if (isPayloadProblem(cpim)) throw new TypeError(`not a CPM message: ${cpim.text}`);
  return cpim;
}
