/**
 * Structured log: fields first, then a sentence. A body and an address go into a field through `Privacy` only. The line
 * of a message carries `callId`, `conversationId`, `contributionId` and `messageId` (the IMDN Message-ID).
 */
export interface Log {
  /** Whether lines of level `debug` are written: who has many of them looks here before making their fields. */
  readonly debugging: boolean;
  error(fields: LogFields, text: string): void;
  warn(fields: LogFields, text: string): void;
  info(fields: LogFields, text: string): void;
  debug(fields: LogFields, text: string): void;
}

export type LogFields = { readonly [name: string]: string | number | boolean | undefined };
