/**
 * Rules and lists of one user as the functions need them (8.4.1, wire facts 12.3). Documents are read and merged
 * elsewhere; an alias spelling never comes this far (decision 15).
 */
export interface Preferences {
  /** Canonical addresses whose messages are refused: `oma_blockedcontacts` or the list configured for the service. */
  readonly blockedContacts: ReadonlySet<string>;
  readonly rules: readonly PreferenceRule[];
}

export interface PreferenceRule {
  readonly id: string;
  /** Times in which the rule holds, milliseconds since the epoch; none means always (RFC 4745 §7.3). */
  readonly validity: readonly { readonly from: number; readonly until: number }[];
  /** Canonical addresses of originators for whom the rule holds; undefined for all. */
  readonly identities: ReadonlySet<string> | undefined;
  /** `standalone` stands for either name of a standalone message (decision 14). Empty: a rule without media list. */
  readonly media: ReadonlySet<'standalone' | 'deferred-messages' | 'session' | 'file-transfer'>;
  readonly actions: PreferenceActions;
}

export interface PreferenceActions {
  readonly rejectInvite?: boolean;
  readonly doNotDisturb?: boolean;
  readonly interwork?: boolean;
  readonly deliverAndInterwork?: boolean;
  readonly store?: boolean;
  readonly forwardTo?: string;
  readonly defer?: boolean;
  readonly offlineStorage?: boolean;
  readonly push?: boolean;
  readonly pull?: boolean;
  readonly expired?: 'discard' | 'store';
}

export const noPreferences: Preferences = { blockedContacts: new Set(), rules: [] };

/** What the rules say about a standalone message, in the order of wire facts 8.2 steps 5a to 5f; the first one wins. */
export type StandaloneAction =
  | { readonly kind: 'reject' }
  | { readonly kind: 'do-not-disturb' }
  | { readonly kind: 'interwork' }
  | { readonly kind: 'deliver-and-interwork' }
  | { readonly kind: 'store' }
  | { readonly kind: 'forward'; readonly to: string }
  | { readonly kind: 'defer' }
  | { readonly kind: 'deliver' };

export function standaloneAction(preferences: Preferences, originator: string | undefined, now: number): StandaloneAction {
  if (preferences.rules.length === 0) return { kind: 'deliver' };
  const holding = preferences.rules.filter((rule) => holds(rule, originator, now));
  const standalone = merged(holding.filter((rule) => rule.media.has('standalone')));
  const withoutMedia = merged(holding.filter((rule) => rule.media.size === 0));
  if (standalone.rejectInvite) return { kind: 'reject' };
  if (standalone.doNotDisturb || withoutMedia.doNotDisturb) return { kind: 'do-not-disturb' };
  if (standalone.interwork) return { kind: 'interwork' };
  if (standalone.deliverAndInterwork) return { kind: 'deliver-and-interwork' };
  if (standalone.store) return { kind: 'store' };
  if (standalone.forwardTo !== undefined) return { kind: 'forward', to: standalone.forwardTo };
  if (standalone.defer) return { kind: 'defer' };
  return { kind: 'deliver' };
}

/** The do-not-disturb flag as a push sees it (B-8.3.1.6.2-01): any rule of the enabler counts. */
export function doNotDisturb(preferences: Preferences, now: number): boolean {
  return preferences.rules.some((rule) => rule.actions.doNotDisturb === true && holds(rule, undefined, now));
}

/** True when the history of this user's conversations is to be recorded (B-8.3.1.1-16). */
export function recordsHistory(preferences: Preferences, now: number): boolean {
  return preferences.rules.some((rule) => rule.actions.offlineStorage === true && holds(rule, undefined, now));
}

/** How a deferred message is handled (B-8.3.1.6-01 to -04); push wins over pull and is the default. */
export function deferredHandling(preferences: Preferences, now: number): 'push' | 'pull' | 'store' {
  const actions = merged(preferences.rules.filter((rule) => rule.media.has('deferred-messages') && holds(rule, undefined, now)));
  if (actions.push) return 'push';
  if (actions.pull) return 'pull';
  return actions.store ? 'store' : 'push';
}

/** What happens at the expiry time (B-8.3.1.6.8-01, -02); discard is the default. */
export function expiredHandling(preferences: Preferences, now: number): 'discard' | 'store' {
  return merged(preferences.rules.filter((rule) => holds(rule, undefined, now))).expired ?? 'discard';
}

/** A rule whose identities are listed does not hold for an unknown originator. */
function holds(rule: PreferenceRule, originator: string | undefined, now: number): boolean {
  if (rule.validity.length > 0 && !rule.validity.some((range) => range.from <= now && now < range.until)) return false;
  return rule.identities === undefined || (originator !== undefined && rule.identities.has(originator));
}

/** Several matching rules combine, true wins (RFC 4745 §10.2). */
function merged(rules: readonly PreferenceRule[]): PreferenceActions {
  return Object.assign({}, ...rules.map((rule) => trueOnly(rule.actions)));
}

function trueOnly(actions: PreferenceActions): PreferenceActions {
  return Object.fromEntries(Object.entries(actions).filter(([, value]) => value !== false));
}
