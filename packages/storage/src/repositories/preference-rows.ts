import type { PreferenceActions, PreferenceMedia, PreferenceRule, ValidityPeriod } from '@opencpm/cpm';
import type { Row } from '../database.ts';
import { textOf } from './row.ts';

/** Lines of a text column; no address and no instance holds a line end. */
const separator = '\n';

const allMedia: readonly PreferenceMedia[] = ['standalone', 'deferred-messages', 'session', 'file-transfer'];

/** Truth values among the actions. False is as good as absent, because true wins (RFC 4745 §10.2). */
const flags = [
  ...(['rejectInvite', 'doNotDisturb', 'interwork', 'deliverAndInterwork', 'store'] as const),
  ...(['defer', 'offlineStorage', 'push', 'pull'] as const),
];

/** Words that an older or a foreign hand has left are read as not there. */
export function ruleOf(row: Row): PreferenceRule {
  return {
    id: textOf(row, 'rule_id'),
    identities: identitiesOf(textOf(row, 'identities')),
    validity: linesOf(textOf(row, 'validity')).flatMap(periodOf),
    media: mediaOf(textOf(row, 'media')),
    actions: actionsOf(linesOf(textOf(row, 'actions'))),
  };
}

export function deviceProfileOf(row: Row): readonly [string, ReadonlySet<PreferenceMedia>] {
  return [textOf(row, 'instance'), mediaOf(textOf(row, 'media'))];
}

export function identitiesText(identities: PreferenceRule['identities']): string {
  if (identities === undefined) return '';
  return identities === 'others' ? 'others' : [...identities].join(separator);
}

function identitiesOf(text: string): PreferenceRule['identities'] {
  if (text === '') return undefined;
  return text === 'others' ? 'others' : new Set(linesOf(text));
}

export function validityText(validity: PreferenceRule['validity']): string {
  return validity.map(({ from, until }) => `${from} ${until}`).join(separator);
}

function periodOf(line: string): readonly ValidityPeriod[] {
  const [from, until] = line.split(' ').map(Number);
  return from === undefined || until === undefined ? [] : [{ from, until }];
}

export function mediaText(media: ReadonlySet<PreferenceMedia>): string {
  return [...media].join(separator);
}

function mediaOf(text: string): ReadonlySet<PreferenceMedia> {
  const words = linesOf(text);
  return new Set(allMedia.filter((medium) => words.includes(medium)));
}

export function actionsText(actions: PreferenceActions): string {
  const { forwardTo, expired } = actions;
  const set = flags.filter((flag) => actions[flag] === true);
  return [
    ...set,
    ...(forwardTo === undefined ? [] : [`forwardTo=${forwardTo}`]),
    ...(expired === undefined ? [] : [`expired=${expired}`]),
  ].join(separator);
}

function actionsOf(lines: readonly string[]): PreferenceActions {
  const set = flags.filter((flag) => lines.includes(flag)).map((flag) => [flag, true] as const);
  const forwardTo = valueIn(lines, 'forwardTo');
  const expired = valueIn(lines, 'expired');
  return {
    ...Object.fromEntries(set),
    ...(forwardTo === undefined ? {} : { forwardTo }),
    ...(expired === 'discard' || expired === 'store' ? { expired } : {}),
  };
}

function valueIn(lines: readonly string[], name: string): string | undefined {
  return lines.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1);
}

function linesOf(text: string): readonly string[] {
  return text === '' ? [] : text.split(separator);
}
