import type { PreferenceRule } from '@opencpm/cpm';
import type { AdministrationResult } from '../administration.ts';
import type { NewRule, PreferencesAdministration, PreferencesSummary, RuleMedia, RuleSummary } from '../preferences-administration.ts';
import { ruleFrom, ruleSummary } from '../rule-words.ts';

/** The time at which rules are said to hold or not: 2 January 2026. */
const now = Date.UTC(2026, 0, 2);

/** Rules and lists over a map, for the tests of what speaks to an administration. */
export class InMemoryPreferences implements PreferencesAdministration {
  readonly #summaries = new Map<string, PreferencesSummary>();
  readonly #isUser: (name: string) => boolean;

  constructor(isUser: (name: string) => boolean) {
    this.#isUser = isUser;
  }

  of(user: string): Promise<AdministrationResult<PreferencesSummary>> {
    return this.#change(user, (summary) => summary);
  }

  async addRule(user: string, rule: NewRule): Promise<AdministrationResult<RuleSummary>> {
    const before = await this.of(user);
    if (before.kind !== 'done') return before;
    const added: PreferenceRule | string = ruleFrom(rule, `r${before.value.rules.length + 1}`);
    if (typeof added === 'string') return { kind: 'refused', text: added };
    const value = ruleSummary(added, now);
    await this.#change(user, (summary) => ({ ...summary, rules: [...summary.rules, value] }));
    return { kind: 'done', value };
  }

  removeRule(user: string, id: string) {
    return this.#change(user, (summary) => {
      const rules = summary.rules.filter((rule) => rule.id !== id);
      return rules.length === summary.rules.length ? `${user} has no rule ${id}.` : { ...summary, rules };
    });
  }

  block(user: string, uri: string) {
    return this.#change(user, (summary) => ({ ...summary, blocked: [...summary.blocked, uri] }));
  }

  unblock(user: string, uri: string) {
    return this.#change(user, (summary) => ({ ...summary, blocked: summary.blocked.filter((address) => address !== uri) }));
  }

  setProfile(user: string, instance: string, media: readonly RuleMedia[] | undefined) {
    return this.#change(user, (summary) => {
      const others = summary.profiles.filter((profile) => profile.instance !== instance);
      return { ...summary, profiles: media === undefined ? others : [...others, { instance, media }] };
    });
  }

  setBarred(user: string, barred: boolean) {
    return this.#change(user, (summary) => ({ ...summary, maySend: !barred }));
  }

  /** A text is why not. */
  async #change(
    user: string,
    change: (before: PreferencesSummary) => PreferencesSummary | string,
  ): Promise<AdministrationResult<PreferencesSummary>> {
    if (!this.#isUser(user)) return { kind: 'not-found', text: `There is no user ${user}.` };
    const value = change(this.#summaries.get(user) ?? { user, maySend: true, rules: [], blocked: [], profiles: [] });
    if (typeof value === 'string') return { kind: 'refused', text: value };
    this.#summaries.set(user, value);
    return { kind: 'done', value };
  }
}
