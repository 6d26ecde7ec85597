import {
  type AdapterAbsent,
  type Isf,
  noPreferences,
  type OutOfBandNotifier,
  type ServiceAuthorisation,
  type UserPreferences,
} from '@opencpm/cpm';
import type { Configuration } from '../configuration/configuration.ts';

export interface AbsentAdapter {
  readonly port: string;
  /** What happens instead. */
  readonly instead: string;
}

/**
 * Adapters that this release does not have or that its configuration does not name. Their ports are called all the
 * same, and what happens instead is what the service provider policy says for a failed action (decision 45).
 * `opencpm status` names them.
 */
export function absentAdapters({ isf, webhook }: Pick<Configuration, 'isf' | 'webhook'>): readonly AbsentAdapter[] {
  return [
    ...neverThere,
    ...(isf === undefined ? [{ port: 'Isf', instead: 'interworking counts as failed: policy undelivered decides (set isf)' }] : []),
    ...(webhook.url === undefined ? [{ port: 'OutOfBandNotifier', instead: 'nobody is told out of band (set webhook.url)' }] : []),
  ];
}

const neverThere: readonly AbsentAdapter[] = [
  { port: 'UserPreferences', instead: 'no rules and no lists: every message is delivered' },
  { port: 'ServiceAuthorisation', instead: 'every user may send' },
];

const absent = (port: string): AdapterAbsent => ({ kind: 'absent', port });

export const absentPreferences: UserPreferences = { of: () => Promise.resolve(noPreferences) };

export const absentIsf: Isf = { interwork: () => Promise.resolve(absent('Isf')) };

export const absentOutOfBand: OutOfBandNotifier = { notify: () => undefined };

export const everybodyMayOriginate: ServiceAuthorisation = { mayOriginate: () => true };
