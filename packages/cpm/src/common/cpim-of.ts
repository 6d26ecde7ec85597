import { type CpimMessage, isPayloadProblem, type PayloadProblem, parseCpim } from '@opencpm/payloads';
import type { SipRequest } from '@opencpm/sip';

/** The CPIM message that a body holds, parsed once for all functions that the same body passes. */
export function cpimOf(body: Uint8Array): CpimMessage | PayloadProblem {
  const known = parsed.get(body);
  if (known !== undefined) return known;
  const cpim = parseCpim(body);
  parsed.set(body, cpim);
  return cpim;
}

/** The same of a request that becomeCpmMessage has let pass. */
export function cpimIn({ body }: SipRequest): CpimMessage {
  const cpim = cpimOf(body);
  // becomeCpmMessage has parsed the same octets before: anything else is a fault of this program.
  if (isPayloadProblem(cpim)) throw new TypeError(`not a CPM message: ${cpim.text}`);
  return cpim;
}

const parsed = new WeakMap<Uint8Array, CpimMessage | PayloadProblem>();
