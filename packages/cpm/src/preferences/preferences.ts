/**
 * Rules and lists of one user as the functions need them (8.4.1, wire facts 12.3). Documents are read and merged
 * elsewhere; an alias spelling never comes this far (decision 15).
 */
export interface Preferences {
  /** Canonical addresses whose messages are refused: `oma_blockedcontacts` or the list configured for the service. */
  readonly blockedContacts: ReadonlySet<string>;
  /** In the order of the document. */
  readonly rules: readonly PreferenceRule[];
  /**
   * User Preferences Profiles that are active, by the device (`+sip.instance` with its angle brackets): the media that
   * it is to get (wire facts 12.4). A device that is not named has the default profile, which takes everything.
   */
  readonly profiles?: ReadonlyMap<string, ReadonlySet<PreferenceMedia>>;
}

/** `standalone` stands for either name of a standalone message (decision 14). */
export type PreferenceMedia = 'standalone' | 'deferred-messages' | 'session' | 'file-transfer';

export interface PreferenceRule {
  readonly id: string;
  /** Times in which the rule holds, milliseconds since the epoch; none means always (RFC 4745 §7.3). */
  readonly validity: readonly ValidityPeriod[];
  /**
   * Canonical addresses of originators for whom the rule holds; `others` for those whom no rule of the user names
   * (OMA `other-identity`); undefined for everybody.
   */
  readonly identities: ReadonlySet<string> | 'others' | undefined;
  /** Empty: a rule without media list. */
  readonly media: ReadonlySet<PreferenceMedia>;
  readonly actions: PreferenceActions;
}

export interface ValidityPeriod {
  readonly from: number;
  /** The first moment at which it is over. */
  readonly until: number;
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

/** True when one of these addresses of an originator is in the list of blocked contacts (B-8.3.1.1-04). */
export function isBlocked({ blockedContacts }: Preferences, originators: readonly string[]): boolean {
  return blockedContacts.size > 0 && originators.some((originator) => blockedContacts.has(originator));
}

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

/** `originators` are the canonical addresses of the one who sent it: none when nobody is known, two when he has a sip and a tel one. */
export function standaloneAction(preferences: Preferences, originators: readonly string[], now: number): StandaloneAction {
  if (preferences.rules.length === 0) return { kind: 'deliver' };
  const holding = rulesFor(preferences, originators, now);
  const standalone = merged(holding.filter((rule) => rule.media.has('standalone')));
  if (standalone.rejectInvite) return { kind: 'reject' };
  if (holding.some(disturbsNot)) return { kind: 'do-not-disturb' };
  if (standalone.interwork) return { kind: 'interwork' };
  if (standalone.deliverAndInterwork) return { kind: 'deliver-and-interwork' };
  if (standalone.store) return { kind: 'store' };
  if (standalone.forwardTo !== undefined) return { kind: 'forward', to: standalone.forwardTo };
  if (standalone.defer) return { kind: 'defer' };
  return { kind: 'deliver' };
}

/** The do-not-disturb flag for whatever comes: of a rule that holds for everybody (B-8.3.1.6.2-01). */
export function doNotDisturb({ rules }: Preferences, now: number): boolean {
  return rules.some((rule) => rule.identities === undefined && disturbsNot(rule) && isValid(rule, now));
}

/** The same for what one originator sent: also of a rule that holds for him. */
export function doNotDisturbBy(preferences: Preferences, originators: readonly string[], now: number): boolean {
  return preferences.rules.length > 0 && rulesFor(preferences, originators, now).some(disturbsNot);
}

/** Do-not-disturb counts in the rule for standalone messages and in one without media list (decision 12). */
function disturbsNot({ actions, media }: PreferenceRule): boolean {
  return actions.doNotDisturb === true && (media.size === 0 || media.has('standalone'));
}

/** True when the history of this user's conversations is to be recorded (B-8.3.1.1-16). */
export function recordsHistory({ rules }: Preferences, now: number): boolean {
  return rules.some((rule) => rule.actions.offlineStorage === true && rule.identities === undefined && isValid(rule, now));
}

/** How a deferred message is handled (B-8.3.1.6-01 to -04); push wins over pull and is the default. */
export function deferredHandling({ rules }: Preferences, now: number): 'push' | 'pull' | 'store' {
  if (rules.length === 0) return 'push';
  const holding = rules.filter((rule) => rule.media.has('deferred-messages') && rule.identities === undefined && isValid(rule, now));
  const actions = merged(holding);
  if (actions.push) return 'push';
  if (actions.pull) return 'pull';
  return actions.store ? 'store' : 'push';
}

/** What happens at the expiry time (B-8.3.1.6.8-01, -02); discard is the default. Of two rules the one that keeps counts. */
export function expiredHandling({ rules }: Preferences, now: number): 'discard' | 'store' {
  const holding = rules.filter((rule) => rule.identities === undefined && isValid(rule, now));
  return holding.some(({ actions }) => actions.expired === 'store') ? 'store' : 'discard';
}

/** B-8.3.1.1-17, B-8.3.1.6.2-05: whether the profile that is active on a device lets it get standalone messages. */
export function deviceExpects({ profiles }: Preferences, instance: string | undefined): boolean {
  const wanted = instance === undefined ? undefined : profiles?.get(instance);
  return wanted === undefined || wanted.has('standalone');
}

/** When the rules next say something else because a validity begins or ends; undefined when they stay as they are. */
export function nextChange({ rules }: Preferences, now: number): number | undefined {
  const later = rules.flatMap(({ validity }) => validity.flatMap(({ from, until }) => [from, until])).filter((time) => time > now);
  return later.length === 0 ? undefined : Math.min(...later);
}

/** A rule whose identities are listed does not hold for an unknown originator, one for others does. */
function rulesFor({ rules }: Preferences, originators: readonly string[], now: number): readonly PreferenceRule[] {
  return rules.filter((rule) => {
    if (!isValid(rule, now)) return false;
    const { identities } = rule;
    if (identities === undefined) return true;
    if (identities !== 'others') return originators.some((originator) => identities.has(originator));
    return !rules.some((other) => originators.some((originator) => isNamed(other, originator)));
  });
}

function isNamed({ identities }: PreferenceRule, originator: string): boolean {
  return identities !== undefined && identities !== 'others' && identities.has(originator);
}

function isValid({ validity }: PreferenceRule, now: number): boolean {
  return validity.length === 0 || validity.some(({ from, until }) => from <= now && now < until);
}

/** Several matching rules combine: true wins (RFC 4745 §10.2), of two addresses that of the first rule. */
function merged(rules: readonly PreferenceRule[]): PreferenceActions {
  return Object.assign({}, ...rules.map(({ actions }) => trueOnly(actions)).toReversed());
}

function trueOnly(actions: PreferenceActions): PreferenceActions {
  return Object.fromEntries(Object.entries(actions).filter(([, value]) => value !== false));
}
