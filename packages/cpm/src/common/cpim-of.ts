import { type CpimMessage, type PayloadProblem, parseCpim } from '@opencpm/payloads';

/** The CPIM message that a body holds, parsed once for all functions that the same body passes. */
export function cpimOf(body: Uint8Array): CpimMessage | PayloadProblem {
  const known = parsed.get(body);
  if (known !== undefined) return known;
  const cpim = parseCpim(body);
  parsed.set(body, cpim);
  return cpim;
}

const parsed = new WeakMap<Uint8Array, CpimMessage | PayloadProblem>();
