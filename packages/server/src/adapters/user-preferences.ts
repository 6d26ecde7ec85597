import {
  doNotDisturb,
  nextChange,
  noPreferences,
  type Preferences,
  type QueueFault,
  type UserId,
  type UserPreferences,
} from '@opencpm/cpm';
import type { CancelWake, Clock } from '@opencpm/sip';
import type { UserPreferenceRows } from '@opencpm/storage';
import type { Log } from '../platform.ts';

/** How many users’ preferences are in memory; of whom nobody asked for longest they go first. */
const maxUsers = 100_000;
/** After a failure to read, how long the last good copy counts, or that of a user without rules (wire facts 12.1). */
const retryMilliseconds = 1000;

const nobodys = Promise.resolve(noPreferences);

interface Known {
  readonly preferences: Promise<Preferences>;
  /** Read again from then on. */
  readonly until: number;
}

/**
 * Rules and lists of active users in memory (8.4.1): read from the database at first use, and again when this process has
 * changed them. That they cannot be read is never a reason to refuse a message. Wakes when a rule begins or ends to
 * hold, so that what waited for that is pushed.
 */
export class ActiveUserPreferences implements UserPreferences {
  readonly #rows: Pick<UserPreferenceRows, 'of' | 'owners'>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #bound: number;
  /** Who has rules or lists: of nobody else anything is read. */
  readonly #owners = new Set<UserId>();
  /** In the order in which they were asked for last. */
  readonly #known = new Map<UserId, Known>();
  /** One for each user some of whose rules have times to come; outlives what is known of him. */
  readonly #wakes = new Map<UserId, CancelWake>();
  #changed: (owner: UserId) => void = () => undefined;
  #stopped = false;

  constructor(rows: Pick<UserPreferenceRows, 'of' | 'owners'>, clock: Clock, log: Log, bound = maxUsers) {
    this.#rows = rows;
    this.#clock = clock;
    this.#log = log;
    this.#bound = bound;
  }

  /** Called when what a user wants may have become otherwise, by a change or by the clock, and he may be disturbed. */
  onChange(changed: (owner: UserId) => void): void {
    this.#changed = changed;
  }

  /** At the start; of what other processes add after that `refresh` tells. */
  async load(): Promise<QueueFault | undefined> {
    const owners = await this.#rows.owners();
    if ('kind' in owners) return owners;
    for (const owner of owners) this.#owners.add(owner);
    return undefined;
  }

  of(owner: UserId): Promise<Preferences> {
    if (!this.#owners.has(owner)) return nobodys;
    const known = this.#known.get(owner);
    if (known !== undefined && this.#clock.now() < known.until) {
      // Whoever is asked for becomes the newest; only a full table needs to know.
      if (this.#known.size >= this.#bound) this.#put(owner, known);
      return known.preferences;
    }
    return this.#read(owner, known?.preferences);
  }

  /** Other processes may have changed whatever they liked: everything is read again at its next use. */
  async refreshAll(): Promise<QueueFault | undefined> {
    this.#known.clear();
    return this.load();
  }

  /** After a commit of this process, or of another one that told: messages that come from now on meet the new rules, and what may be pushed is. */
  async refresh(owner: UserId): Promise<void> {
    this.#owners.add(owner);
    const preferences = await this.#read(owner, this.#known.get(owner)?.preferences);
    this.#tell(owner, preferences);
  }

  /** Nothing is kept of a user who is no more. */
  forget(owner: UserId): void {
    this.#owners.delete(owner);
    this.#known.delete(owner);
    this.#cancelWake(owner);
  }

  stop(): void {
    this.#stopped = true;
    for (const owner of [...this.#wakes.keys()]) this.#cancelWake(owner);
  }

  #read(owner: UserId, before: Promise<Preferences> | undefined): Promise<Preferences> {
    const reading: Promise<Preferences> = this.#rows.of(owner).then((read) => {
      // A change may have been read meanwhile: what was read before it counts for who asked then, and no further.
      const isOutdated = (this.#known.get(owner)?.preferences ?? reading) !== reading;
      if ('rules' in read) return isOutdated ? read : this.#wakeFor(owner, read);
      return isOutdated ? (before ?? noPreferences) : this.#failed(owner, read, before);
    });
    this.#put(owner, { preferences: reading, until: Number.POSITIVE_INFINITY });
    return reading;
  }

  #failed(owner: UserId, { reason }: QueueFault, before: Promise<Preferences> = Promise.resolve(noPreferences)): Promise<Preferences> {
    this.#log.error({ where: 'read the preferences of a user', reason }, 'Rules could not be read; the last ones that were known count.');
    this.#put(owner, { preferences: before, until: this.#clock.now() + retryMilliseconds });
    return before;
  }

  #put(owner: UserId, known: Known): void {
    this.#known.delete(owner);
    this.#known.set(owner, known);
    if (this.#known.size <= this.#bound) return;
    const oldest = this.#known.keys().next().value;
    if (oldest !== undefined) this.#known.delete(oldest);
  }

  #wakeFor(owner: UserId, read: Preferences): Preferences {
    const preferences = isEmpty(read) ? noPreferences : read;
    this.#cancelWake(owner);
    const time = nextChange(preferences, this.#clock.now());
    if (time === undefined || this.#stopped) return preferences;
    const wake = () => {
      this.#wakes.delete(owner);
      this.#woken(owner).catch((error) =>
        this.#log.error({ where: 'wake for a rule', reason: String(error) }, 'A rule was not followed in time.'),
      );
    };
    this.#wakes.set(owner, this.#clock.wakeAt(time, wake));
    return preferences;
  }

  async #woken(owner: UserId): Promise<void> {
    const preferences = await this.of(owner);
    this.#wakeFor(owner, preferences);
    this.#tell(owner, preferences);
  }

  #tell(owner: UserId, preferences: Preferences): void {
    if (!this.#stopped && !doNotDisturb(preferences, this.#clock.now())) this.#changed(owner);
  }

  #cancelWake(owner: UserId): void {
    this.#wakes.get(owner)?.();
    this.#wakes.delete(owner);
  }
}

function isEmpty({ rules, blockedContacts, profiles }: Preferences): boolean {
  return rules.length === 0 && blockedContacts.size === 0 && profiles === undefined;
}
