import type { HostPort } from '@opencpm/sip';
import type { Http, Log as LogSettings, Records } from '../configuration/configuration.ts';
import type { EventLoopWindow } from './load-gauges.ts';
import type { Log } from './log.ts';

/** What a server takes from its machine to be watched. A simulation has no HTTP and keeps its records in memory. */
export interface ObservationPlatform {
  /** Milliseconds with fractions, from any start: for durations. */
  precise(): number;
  processFigures(): ProcessFigures;
  /** Calls back at the end of each window; gives what ends that. */
  watchEventLoop(window: (window: EventLoopWindow) => void): () => void;
  /** Rejects with an Error that says what to do when the address is taken. */
  listenHttp(address: NonNullable<Http['listen']>, answer: AnswerHttp): Promise<HttpListener>;
  /** Where the server writes what an operator should see. */
  openLog(settings: LogSettings): LogFile;
  /** Rejects with an Error when the file cannot be opened. */
  openRecords(settings: RecordSettings, events: RecordEvents): Promise<RecordSink>;
}

export interface ProcessFigures {
  /** User and system time since the process began. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly externalBytes: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** `path` is without query. */
export type AnswerHttp = (method: string, path: string) => Promise<HttpAnswer>;

export interface HttpListener {
  readonly address: HostPort;
  close(): Promise<void>;
}

export interface LogFile extends Log {
  /** Something else has moved the file away (logrotate): the next line goes into a new one. */
  reopen(): void;
}

export type RecordSettings = Records & { readonly file: string };

/** A file of lines. Writing never waits and never fails; what could not be written is told. */
export interface RecordSink {
  write(line: string): void;
  reopen(): void;
  /** Resolves when all that was taken is in the file, or is known to be lost. */
  close(): Promise<void>;
}

export interface RecordEvents {
  written(lines: number): void;
  lost(lines: number): void;
  /** Said once until writing works again. */
  fault(reason: string): void;
}
