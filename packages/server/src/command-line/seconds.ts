import { InvalidArgumentError } from 'commander';

import { parseDuration } from '../configuration/durations.ts';

/** An option in seconds: `5`, or any duration (`500ms`, `1h`). */
export function secondsOption(text: string): number {
  const milliseconds = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : parseDuration(text);
  if (milliseconds === undefined) throw new InvalidArgumentError('It is a number of seconds, or a duration such as 500ms or 1h.');
  return milliseconds / 1000;
}

/** An option that counts something, from 1 on. */
export function countOption(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 1 on.');
  return Number(text);
}
