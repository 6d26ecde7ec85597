import type { Preferences, QueueFault, UserId } from '@opencpm/cpm';
import type { PreferenceChange, StoredUser, UserPreferenceRows } from '@opencpm/storage';
import type { BarredUsers } from './adapters/service-authorisation.ts';
import type { ActiveUserPreferences } from './adapters/user-preferences.ts';
import type { AdministrationResult } from './administration.ts';
import { addressKey, addressProblem } from './configuration/uri-settings.ts';
import type { CoreContext } from './core/core-context.ts';
import { isFault } from './database-services.ts';
import type { NewRule, PreferencesAdministration, PreferencesSummary, RuleMedia, RuleSummary } from './preferences-administration.ts';
import { mediaWords, preferenceMedia, ruleFrom, ruleSummary } from './rule-words.ts';

export interface AdministeredPreferences {
  readonly core: CoreContext;
  readonly rows: UserPreferenceRows;
  readonly preferences: ActiveUserPreferences;
  readonly authorisation: BarredUsers;
}

/** Octets of an `+sip.instance`; the longest ones in the field have some 60. */
const maxInstanceOctets = 256;
/** Random digits of a rule’s id: enough to tell a user’s rules apart, few enough to type. */
const idDigits = 6;

/** The operator’s view of the rules and lists of users, running server or not. */
export class ServerPreferencesAdministration implements PreferencesAdministration {
  readonly #server: AdministeredPreferences;

  constructor(server: AdministeredPreferences) {
    this.#server = server;
  }

  of(name: string): Promise<AdministrationResult<PreferencesSummary>> {
    return this.#ofUser(name, (user) => this.#summary(user));
  }

  addRule(name: string, rule: NewRule): Promise<AdministrationResult<RuleSummary>> {
    return this.#ofUser(name, async (user) => {
      const { core, rows } = this.#server;
      const added = ruleFrom(rule, core.ids.unique().slice(0, idDigits));
      if (typeof added === 'string') return { kind: 'refused', text: added };
      const changed = await this.#changed(user, await rows.addRule(user.owner, added), `${name} has as many rules as one user may have.`);
      return changed ?? { kind: 'done', value: ruleSummary(added, core.clock.now()) };
    });
  }

  removeRule(name: string, id: string): Promise<AdministrationResult<PreferencesSummary>> {
    return this.#change(name, (user, rows) => rows.removeRule(user.owner, id), `${name} has no rule ${id}.`);
  }

  block(name: string, uri: string): Promise<AdministrationResult<PreferencesSummary>> {
    return this.#changeContact(
      name,
      uri,
      (user, address) => this.#server.rows.block(user.owner, address),
      'The list of blocked contacts is full.',
    );
  }

  unblock(name: string, uri: string): Promise<AdministrationResult<PreferencesSummary>> {
    const text = `${uri} is not in the list of blocked contacts of ${name}.`;
    return this.#changeContact(name, uri, (user, address) => this.#server.rows.unblock(user.owner, address), text);
  }

  async setProfile(
    name: string,
    instance: string,
    media: readonly RuleMedia[] | undefined,
  ): Promise<AdministrationResult<PreferencesSummary>> {
    const key = instance.startsWith('<') ? instance : `<${instance}>`;
    if (!/^<[!-~]+>$/.test(key) || key.length > maxInstanceOctets)
      return { kind: 'refused', text: `${instance} is no +sip.instance (write for example urn:uuid:…).` };
    const wanted = media === undefined ? undefined : new Set(media.map(preferenceMedia));
    const refusal = `${name} has as many device profiles as one user may have.`;
    return this.#change(
      name,
      ({ owner }, rows) => (wanted ? rows.setProfile(owner, key, wanted) : defaultProfile(rows, owner, key)),
      refusal,
    );
  }

  setBarred(name: string, barred: boolean): Promise<AdministrationResult<PreferencesSummary>> {
    return this.#ofUser(name, async (user) => {
      const { authorisation, core } = this.#server;
      const fault = barred ? await authorisation.bar(user.owner, core.clock.now()) : await authorisation.unbar(user.owner);
      return fault === undefined ? this.#summary(user) : faultOf(fault);
    });
  }

  #changeContact(
    name: string,
    uri: string,
    change: (user: StoredUser, address: string) => Promise<PreferenceChange>,
    refusal: string,
  ): Promise<AdministrationResult<PreferencesSummary>> {
    const problem = addressProblem(uri);
    const address = addressKey(uri);
    if (problem !== undefined || address === undefined)
      return Promise.resolve({ kind: 'refused', text: `${uri} ${problem ?? 'is no address'}` });
    return this.#change(name, (user) => change(user, address), refusal);
  }

  #change(
    name: string,
    change: (user: StoredUser, rows: UserPreferenceRows) => Promise<PreferenceChange>,
    refusal: string,
  ): Promise<AdministrationResult<PreferencesSummary>> {
    return this.#ofUser(name, async (user) => {
      const changed = await this.#changed(user, await change(user, this.#server.rows), refusal);
      return changed ?? this.#summary(user);
    });
  }

  /** Undefined when it is done and in force. */
  async #changed(user: StoredUser, change: PreferenceChange, refusal: string): Promise<NotDone | undefined> {
    if (change.kind === 'fault') return faultOf(change);
    if (change.kind === 'refused') return { kind: 'refused', text: refusal };
    await this.#server.preferences.refresh(user.owner);
    return undefined;
  }

  async #summary({ name, owner }: StoredUser): Promise<AdministrationResult<PreferencesSummary>> {
    const { core, rows, authorisation } = this.#server;
    const preferences = await rows.of(owner);
    if (isFault(preferences)) return faultOf(preferences);
    return { kind: 'done', value: summaryOf(name, authorisation.mayOriginate(owner), preferences, core.clock.now()) };
  }

  async #ofUser<T>(name: string, act: (user: StoredUser) => Promise<AdministrationResult<T>>): Promise<AdministrationResult<T>> {
    const user = this.#server.core.directory.byName(name);
    return user === undefined ? { kind: 'not-found', text: `There is no user ${name}.` } : act(user);
  }
}

/** A device that has the default profile already is no fault. */
async function defaultProfile(rows: UserPreferenceRows, owner: UserId, instance: string): Promise<PreferenceChange> {
  const change = await rows.removeProfile(owner, instance);
  return change.kind === 'refused' ? { kind: 'done' } : change;
}

type NotDone = Exclude<AdministrationResult<never>, { kind: 'done' }>;

function summaryOf(user: string, maySend: boolean, preferences: Preferences, now: number): PreferencesSummary {
  const { rules, blockedContacts, profiles } = preferences;
  return {
    user,
    maySend,
    rules: rules.map((rule) => ruleSummary(rule, now)),
    blocked: [...blockedContacts].toSorted(),
    profiles: [...(profiles ?? [])].map(([instance, media]) => ({ instance, media: mediaWords(media) })),
  };
}

function faultOf({ reason, temporary }: QueueFault): NotDone {
  return { kind: 'fault', text: reason, temporary };
}
