import type { AdministrationResult } from './administration-result.ts';

/**
 * Rules, lists and device profiles of one user, and whether he may send: what an operator sees and changes of them.
 * Plain JSON; addresses are canonical, times in ISO 8601 UTC.
 */
export interface PreferencesAdministration {
  of(user: string): Promise<AdministrationResult<PreferencesSummary>>;
  /** Messages that come from now on meet the rule; what waits and may go now is pushed. */
  addRule(user: string, rule: NewRule): Promise<AdministrationResult<RuleSummary>>;
  removeRule(user: string, id: string): Promise<AdministrationResult<PreferencesSummary>>;
  /** Puts an address into the list of blocked contacts. */
  block(user: string, uri: string): Promise<AdministrationResult<PreferencesSummary>>;
  unblock(user: string, uri: string): Promise<AdministrationResult<PreferencesSummary>>;
  /** Of a device by its `+sip.instance`: the media that it is to get; undefined stands for the default profile, which takes everything. */
  setProfile(user: string, instance: string, media: readonly RuleMedia[] | undefined): Promise<AdministrationResult<PreferencesSummary>>;
  /** Whether the user may send (403 with Warning 127 when not). */
  setBarred(user: string, barred: boolean): Promise<AdministrationResult<PreferencesSummary>>;
}

/** What a rule may say, by the words of the command line; the documents of a user have longer ones (wire facts 12.3). */
export const ruleActions = [
  ...(['reject', 'do-not-disturb', 'interwork', 'deliver-and-interwork', 'store', 'forward', 'defer'] as const),
  ...(['record', 'push', 'pull'] as const),
] as const;

export type RuleAction = (typeof ruleActions)[number];

export const ruleMedia = ['standalone', 'deferred'] as const;

export type RuleMedia = (typeof ruleMedia)[number];

export interface NewRule {
  readonly actions: readonly RuleAction[];
  /** Originators for whom it holds; everybody when empty. */
  readonly from: readonly string[];
  /** For originators whom no rule of the user names; `from` is empty then. */
  readonly others: boolean;
  /** What the rule is about; when left out, what its actions are about. */
  readonly media?: readonly RuleMedia[];
  readonly validFrom?: string;
  readonly validUntil?: string;
  readonly forwardTo?: string;
  /** What becomes of a deferred message at its expiry. */
  readonly expired?: 'discard' | 'store';
}

export interface RuleSummary {
  readonly id: string;
  readonly actions: readonly RuleAction[];
  /** `everybody`, `others`, or addresses. */
  readonly from: 'everybody' | 'others' | readonly string[];
  readonly media: readonly RuleMedia[];
  readonly valid: readonly { readonly from: string; readonly until: string }[];
  readonly forwardTo?: string;
  readonly expired?: 'discard' | 'store';
  /** Whether its time is now. */
  readonly holds: boolean;
}

export interface PreferencesSummary {
  readonly user: string;
  readonly maySend: boolean;
  readonly rules: readonly RuleSummary[];
  readonly blocked: readonly string[];
  /** Devices whose profile does not take everything. */
  readonly profiles: readonly { readonly instance: string; readonly media: readonly RuleMedia[] }[];
}
