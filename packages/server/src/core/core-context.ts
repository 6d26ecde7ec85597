import type { AnsweringFunction, Ids } from '@opencpm/cpm';
import type { Clock } from '@opencpm/sip';
import type { Configuration } from '../configuration/configuration.ts';
import type { Log } from '../platform.ts';
import type { Directory } from './directory.ts';
import type { Location } from './location.ts';

/** What the parts of the embedded core share. */
export interface CoreContext {
  readonly configuration: Configuration;
  readonly directory: Directory;
  readonly location: Location;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly self: AnsweringFunction;
  readonly log: Log;
}
