import type { AdministrationResult } from '../administration.ts';

/** What the program ends with; documented in the help and in the README. */
export const exitCodes = {
  done: 0,
  /** The peer refused, or what was named is not there. */
  refused: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  /** The server cannot be reached, or something outside this program failed. */
  fault: 3,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Why a command did not do what it was asked; the text says what to do about it. */
export interface Failure {
  readonly kind: 'failed';
  readonly exitCode: ExitCode;
  readonly text: string;
}

export type Outcome<T> = { readonly kind: 'done'; readonly value: T } | Failure;

export function done<T>(value: T): Outcome<T> {
  return { kind: 'done', value };
}

export function failed(exitCode: ExitCode, text: string): Failure {
  return { kind: 'failed', exitCode, text };
}

/** An answer of the server as the outcome of a command. */
export function outcomeOf<T>(result: AdministrationResult<T>): Outcome<T> {
  if (result.kind === 'done') return done(result.value);
  return failed(result.kind === 'fault' ? exitCodes.fault : exitCodes.refused, result.text);
}
