import { formatHostAndPort, type Target } from '@opencpm/sip';

/** How long a target that failed is tried after the others. RFC 3263 §4.3 leaves it open; a server is back within it. */
const failureMilliseconds = 30_000;

/** However long a target says that it wants no requests. */
const longestBanMilliseconds = 600_000;

/** Targets remembered of each kind; the oldest are forgotten first. */
const rememberedTargets = 1_000;

/** What is known of the servers that requests were sent to: which did not answer, and which do not want to be asked. */
export class NextHopMemory {
  /** Until when, in milliseconds since the epoch. */
  readonly #failed = new Map<string, number>();
  readonly #banned = new Map<string, number>();

  failed(target: Target, now: number): void {
    remember(this.#failed, keyOf(target), now + failureMilliseconds);
  }

  /** The target answered 503 with Retry-After (RFC 3261 §21.5.4). */
  busy(target: Target, seconds: number, now: number): void {
    remember(this.#banned, keyOf(target), now + Math.min(seconds * 1000, longestBanMilliseconds));
  }

  worked(target: Target): void {
    this.#failed.delete(keyOf(target));
  }

  /** Those that may be asked now, and among them those that failed lately last. */
  inOrder<T extends Target>(targets: readonly T[], now: number): readonly T[] {
    const allowed = targets.filter((target) => this.bannedMilliseconds(target, now) === 0);
    const isFailed = (target: T) => (this.#failed.get(keyOf(target)) ?? 0) > now;
    return [...allowed.filter((target) => !isFailed(target)), ...allowed.filter(isFailed)];
  }

  /** How much longer that target wants no requests; 0 when it takes them. */
  bannedMilliseconds(target: Target, now: number): number {
    return Math.max(0, (this.#banned.get(keyOf(target)) ?? 0) - now);
  }
}

function remember(times: Map<string, number>, key: string, until: number): void {
  times.delete(key);
  times.set(key, until);
  if (times.size <= rememberedTargets) return;
  for (const oldest of times.keys()) {
    times.delete(oldest);
    return;
  }
}

function keyOf(target: Target): string {
  if ('flow' in target) return target.flow.id;
  return `${target.transport} ${formatHostAndPort(target.address.host, target.address.port)}`;
}
