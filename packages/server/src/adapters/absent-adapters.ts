import {
  type AdapterAbsent,
  type Isf,
  noPreferences,
  type OutOfBandNotifier,
  type ServiceAuthorisation,
  type UserPreferences,
} from '@opencpm/cpm';

/**
 * Adapters that this release does not have. Their ports are called all the same, and what happens instead is what the
 * service provider policy says for a failed action (decision 45). `opencpm status` names them.
 */
export const absentAdapters: readonly { readonly port: string; readonly instead: string }[] = [
  { port: 'UserPreferences', instead: 'no rules and no lists: every message is delivered' },
  { port: 'Isf', instead: 'interworking counts as failed: policy undelivered decides' },
  { port: 'OutOfBandNotifier', instead: 'nobody is told out of band' },
  { port: 'ServiceAuthorisation', instead: 'every user may send' },
];

const absent = (port: string): AdapterAbsent => ({ kind: 'absent', port });

export const absentPreferences: UserPreferences = { of: () => Promise.resolve(noPreferences) };

export const absentIsf: Isf = { interwork: () => Promise.resolve(absent('Isf')) };

export const absentOutOfBand: OutOfBandNotifier = { messagesWait: () => undefined };

export const everybodyMayOriginate: ServiceAuthorisation = { mayOriginate: () => true };
