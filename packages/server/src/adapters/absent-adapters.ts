import type { AdapterAbsent, Isf, OutOfBandNotifier } from '@opencpm/cpm';
import type { Configuration } from '../configuration/configuration.ts';

export interface AbsentAdapter {
  readonly port: string;
  /** What happens instead. */
  readonly instead: string;
}

/**
 * Adapters that the configuration does not name. Their ports are called all the
 * same, and what happens instead is what the service provider policy says for a failed action (decision 45).
 * `opencpm status` names them.
 */
export function absentAdapters({ isf, webhook }: Pick<Configuration, 'isf' | 'webhook'>): readonly AbsentAdapter[] {
  return [
    ...(isf === undefined ? [{ port: 'Isf', instead: 'interworking counts as failed: policy undelivered decides (set isf)' }] : []),
    ...(webhook.url === undefined ? [{ port: 'OutOfBandNotifier', instead: 'nobody is told out of band (set webhook.url)' }] : []),
  ];
}

const absent = (port: string): AdapterAbsent => ({ kind: 'absent', port });

export const absentIsf: Isf = { interwork: () => Promise.resolve(absent('Isf')) };

export const absentOutOfBand: OutOfBandNotifier = { notify: () => undefined };
