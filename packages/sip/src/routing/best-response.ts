/** Which of several final responses a proxy sends on (RFC 3261 §16.7 steps 6 and 7). */
import type { SipResponse } from '../message/message.ts';
import { reasonPhrases } from '../message/reason-phrases.ts';

/** What became of one branch, 2xx aside: a response without the own Via, or what stands for one that never came. */
export type BranchEnd = { readonly kind: 'received'; readonly response: SipResponse } | { readonly kind: 'made'; readonly status: number };

/** The best of them; undefined when there is none, or for a request other than INVITE nothing but silence. */
export function bestResponse(ends: readonly BranchEnd[], invite: boolean): BranchEnd | undefined {
  // RFC 4320 §4.2: no request but INVITE is answered 408, be it made here or elsewhere.
  const eligible = invite ? ends : ends.filter((end) => statusOf(end) !== 408);
  let best: BranchEnd | undefined;
  for (const end of eligible) if (best === undefined || rank(statusOf(end)) < rank(statusOf(best))) best = end;
  return best === undefined ? undefined : withoutUnavailability(withAllChallenges(best, eligible));
}

function statusOf(end: BranchEnd): number {
  return end.kind === 'received' ? end.response.status : end.status;
}

/** Lower is better: 6xx before all, then the lowest class, and in 4xx what helps the sender before what says little. */
function rank(status: number): number {
  const statusClass = Math.floor(status / 100);
  if (statusClass === 6) return 0;
  return statusClass * 10 + (statusClass === 4 ? rankOfClientFailure(status) : 0);
}

function rankOfClientFailure(status: number): number {
  if (isChallenge(status)) return 0;
  if ([415, 420, 484].includes(status)) return 1;
  return [408, 481, 487].includes(status) ? 3 : 2;
}

function isChallenge(status: number): boolean {
  return status === 401 || status === 407;
}

/** Who is asked for credentials learns of everybody who asks, so that he can satisfy all of them at once. */
function withAllChallenges(best: BranchEnd, ends: readonly BranchEnd[]): BranchEnd {
  if (best.kind === 'made' || !isChallenge(best.response.status)) return best;
  let { headers } = best.response;
  for (const end of ends) {
    if (end === best || end.kind === 'made' || !isChallenge(end.response.status)) continue;
    headers = headers.concat(end.response.headers.filter(({ key }) => key === 'www-authenticate' || key === 'proxy-authenticate'));
  }
  return { kind: 'received', response: { ...best.response, headers } };
}

/** A 503 says that its sender takes no requests at all, which is not true of this proxy (RFC 3261 §16.7 step 6). */
function withoutUnavailability(best: BranchEnd): BranchEnd {
  if (statusOf(best) !== 503) return best;
  if (best.kind === 'made') return { kind: 'made', status: 500 };
  const { response } = best;
  const headers = response.headers.without('Retry-After');
  return { kind: 'received', response: { ...response, status: 500, reason: reasonPhrases.get(500) ?? '', headers } };
}
