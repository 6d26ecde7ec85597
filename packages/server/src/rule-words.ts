import type { PreferenceActions, PreferenceMedia, PreferenceRule, ValidityPeriod } from '@opencpm/cpm';
import { addressKey, addressProblem } from './configuration/uri-settings.ts';
import type { NewRule, RuleAction, RuleMedia, RuleSummary } from './preferences-administration.ts';

/** The latest time that a date can have (ECMA-262 §21.4.1.1), for a rule without end. */
const endOfTime = 8_640_000_000_000_000;

const flagOf = {
  reject: 'rejectInvite',
  'do-not-disturb': 'doNotDisturb',
  interwork: 'interwork',
  'deliver-and-interwork': 'deliverAndInterwork',
  store: 'store',
  defer: 'defer',
  record: 'offlineStorage',
  push: 'push',
  pull: 'pull',
} as const satisfies Partial<Record<RuleAction, keyof PreferenceActions>>;

type FlagAction = keyof typeof flagOf;

/** What a rule with that action is about unless something else is said; nothing for actions that need no media list. */
const usualMedia: Readonly<Record<RuleAction, RuleMedia | undefined>> = {
  reject: 'standalone',
  'do-not-disturb': undefined,
  interwork: 'standalone',
  'deliver-and-interwork': 'standalone',
  store: 'standalone',
  forward: 'standalone',
  defer: 'standalone',
  record: undefined,
  push: 'deferred',
  pull: 'deferred',
};

/** Actions that mean nothing for what a rule is about. */
const meaningful: Readonly<Record<RuleMedia, ReadonlySet<RuleAction>>> = {
  standalone: new Set(['reject', 'do-not-disturb', 'interwork', 'deliver-and-interwork', 'store', 'forward', 'defer', 'record']),
  deferred: new Set(['store', 'push', 'pull', 'record']),
};

/** The rule as the functions know it, or the text of what is wrong with it. */
export function ruleFrom(rule: NewRule, id: string): PreferenceRule | string {
  const problem = actionProblem(rule) ?? addressesProblem(rule);
  if (problem !== undefined) return problem;
  const validity = validityOf(rule);
  if (typeof validity === 'string') return validity;
  const media = mediaFor(rule);
  const general = generalProblem(rule, media);
  if (general !== undefined) return general;
  for (const medium of media) {
    const odd = rule.actions.find((action) => !meaningful[medium].has(action));
    if (odd !== undefined)
      return `The action ${odd} says nothing about ${medium === 'standalone' ? 'standalone messages' : 'deferred messages'}.`;
  }
  return {
    id,
    validity,
    identities: identitiesOf(rule),
    media: new Set(media.map(preferenceMedia)),
    actions: actionsOf(rule),
  };
}

function identitiesOf({ from, others }: NewRule): PreferenceRule['identities'] {
  if (others) return 'others';
  return from.length === 0 ? undefined : new Set(from.flatMap((uri) => addressKey(uri) ?? []));
}

function actionProblem({ actions, forwardTo, expired }: NewRule): string | undefined {
  if (actions.length === 0 && expired === undefined)
    return 'The rule does nothing: it has neither an action nor what becomes of expired messages.';
  if (actions.includes('forward') && forwardTo === undefined) return 'The action forward needs an address to forward to.';
  if (forwardTo !== undefined && !actions.includes('forward')) return 'The address to forward to needs the action forward.';
  return undefined;
}

function addressesProblem({ from, others, forwardTo }: NewRule): string | undefined {
  if (others && from.length > 0) return 'A rule is for named people or for others, not for both.';
  for (const uri of [...from, ...(forwardTo === undefined ? [] : [forwardTo])]) {
    const problem = addressProblem(uri);
    if (problem !== undefined) return `${uri} ${problem}`;
  }
  return undefined;
}

/** Queue and history are handled as a whole, whoever sent a message. */
function generalProblem({ from, others, actions, expired }: NewRule, media: readonly RuleMedia[]): string | undefined {
  const isGeneral = media.includes('deferred') || actions.includes('record') || expired !== undefined;
  if (!isGeneral || (!others && from.length === 0)) return undefined;
  return 'Recording, deferred messages and their expiry are handled the same for everybody: the rule cannot depend on who sent a message.';
}

function mediaFor({ actions, media, expired }: NewRule): readonly RuleMedia[] {
  if (media !== undefined) return media;
  const usual = new Set(actions.flatMap((action) => usualMedia[action] ?? []));
  if (actions.length === 0 && expired !== undefined) usual.add('deferred');
  return [...usual];
}

/** A rule that has a beginning only holds from then on, one that has an end only until then. */
function validityOf({ validFrom, validUntil }: NewRule): readonly ValidityPeriod[] | string {
  if (validFrom === undefined && validUntil === undefined) return [];
  const from = validFrom === undefined ? 0 : Date.parse(validFrom);
  const until = validUntil === undefined ? endOfTime : Date.parse(validUntil);
  for (const [text, time] of [
    [validFrom, from],
    [validUntil, until],
  ] as const)
    if (Number.isNaN(time)) return `${text} is no time (write for example 2026-01-15T22:00:00Z).`;
  return from < until ? [{ from, until }] : 'The rule ends before it begins.';
}

function actionsOf({ actions, forwardTo, expired }: NewRule): PreferenceActions {
  const flags = actions.flatMap((action) => (action === 'forward' ? [] : [[flagOf[action], true] as const]));
  return {
    ...Object.fromEntries(flags),
    ...(forwardTo === undefined ? {} : { forwardTo }),
    ...(expired === undefined ? {} : { expired }),
  };
}

export function ruleSummary({ id, validity, identities, media, actions }: PreferenceRule, now: number): RuleSummary {
  const { forwardTo, expired } = actions;
  const flagged = flagActions.filter((action) => actions[flagOf[action]] === true);
  return {
    id,
    actions: [...flagged, ...(forwardTo === undefined ? [] : (['forward'] as const))],
    from: typeof identities === 'object' ? [...identities] : (identities ?? 'everybody'),
    media: mediaWords(media),
    valid: validity.map(({ from, until }) => ({ from: new Date(from).toISOString(), until: new Date(until).toISOString() })),
    ...(forwardTo === undefined ? {} : { forwardTo }),
    ...(expired === undefined ? {} : { expired }),
    holds: validity.length === 0 || validity.some(({ from, until }) => from <= now && now < until),
  };
}

const flagActions: readonly FlagAction[] = [
  ...(['reject', 'do-not-disturb', 'interwork', 'deliver-and-interwork', 'store'] as const),
  ...(['defer', 'record', 'push', 'pull'] as const),
];

export function mediaWords(media: ReadonlySet<PreferenceMedia>): readonly RuleMedia[] {
  return [
    ...(media.has('standalone') ? (['standalone'] as const) : []),
    ...(media.has('deferred-messages') ? (['deferred'] as const) : []),
  ];
}

export function preferenceMedia(word: RuleMedia): PreferenceMedia {
  return word === 'deferred' ? 'deferred-messages' : word;
}
