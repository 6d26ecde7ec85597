import type { Endpoint } from '@opencpm/sip';
import type { Directory } from '../core/directory.ts';
import type { Location } from '../core/location.ts';
import type { Measures } from './measures.ts';
import type { ProcessFigures } from './observation-platform.ts';
import type { QueueFigures } from './queue-figures.ts';

/** What a scrape looks at. */
export interface MeasuredServer {
  readonly measures: Measures;
  readonly endpoint: Pick<Endpoint, 'load'>;
  readonly core: { readonly directory: Pick<Directory, 'size'>; readonly location: Pick<Location, 'size' | 'unreachable'> };
  readonly queue: Pick<QueueFigures, 'figures'>;
  readonly processFigures: () => ProcessFigures;
  readonly draining: () => boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly startedAt: number;
  readonly version: string;
  readonly engine: string;
}
