import { authenticatedOriginator, type Diagnostics, type UserId } from '@opencpm/cpm';
import type { SipRequest } from '@opencpm/sip';
import type { Configuration } from '../configuration/configuration.ts';
import type { ServerPlatform } from '../platform.ts';
import type { Log, LogFields } from './log.ts';
import type { Measures } from './measures.ts';
import { MessageCharging, namesInLog } from './message-charging.ts';
import type { LogFile, RecordSink } from './observation-platform.ts';
import { Privacy } from './privacy.ts';
import { privateLog } from './private-log.ts';
import { RefusalLog } from './refusal-log.ts';

export interface ObservationParts {
  readonly logFile: LogFile;
  readonly measures: Measures;
  readonly records: RecordSink | undefined;
  /** A secret of the database: what is hidden looks the same in every process on it. */
  readonly key: string;
}

/** Statuses that belong to every registration and every message of a client without a connection. */
const challenges: ReadonlySet<number> = new Set([401, 407]);

/** How one server is watched: counts, lines and records, each in one place. */
export class Observation {
  readonly measures: Measures;
  readonly privacy: Privacy;
  /** The only log of the server; addresses in its lines are hidden unless the operator wants them. */
  readonly log: Log;
  readonly refusals: RefusalLog;
  readonly #parts: ObservationParts;

  constructor(
    { hashes, octets, clock }: Pick<ServerPlatform, 'hashes' | 'octets' | 'clock'>,
    { log }: Configuration,
    parts: ObservationParts,
  ) {
    this.measures = parts.measures;
    this.privacy = new Privacy(log, parts.key, { hashes, octets });
    this.log = privateLog(parts.logFile, this.privacy, parts.measures);
    this.refusals = new RefusalLog(this.log, () => clock.now());
    this.#parts = parts;
  }

  /** Opens what the configuration wants; the database is open already. */
  static async open(
    platform: ServerPlatform,
    configuration: Configuration,
    parts: Omit<ObservationParts, 'records'>,
  ): Promise<Observation> {
    const { logFile, measures } = parts;
    const { file, ...settings } = configuration.records;
    const events = {
      written: (lines: number) => measures.records.count('written', lines),
      lost: (lines: number) => measures.records.count('lost', lines),
      fault: (reason: string) => logFile.error({ where: 'write message records', reason }, 'Message records wait for their file.'),
    };
    const records = file === undefined ? undefined : await platform.observation.openRecords({ ...settings, file }, events);
    return new Observation(platform, configuration, { ...parts, records });
  }

  /** Where the functions tell what became of messages. */
  charging(surroundings: {
    readonly ids: { ordered(now: number): string };
    readonly directory: { byOwner(owner: UserId): { readonly identities: readonly { readonly uri: string }[] } | undefined };
    readonly clock: { now(): number };
  }): MessageCharging {
    const { measures, log, privacy } = this;
    return new MessageCharging({ ...surroundings, measures, log, privacy, records: this.#parts.records });
  }

  get diagnostics(): Diagnostics {
    return {
      fault: (where, reason, request) =>
        this.log.error({ where, reason, ...(request === undefined ? {} : namesInLog(request)) }, 'Something that was to be done was not.'),
    };
  }

  /** The core or a function has given a request its final answer. */
  answered(request: SipRequest, status: number): void {
    this.measures.request(request.method, status);
    if (this.log.debugging) this.log.debug(this.#requestFields(request, status), 'A request was answered.');
    if (status < 400 || challenges.has(status)) return;
    this.refusals.note(`answered ${request.method} ${status}`, 'Requests are refused.', () => this.#requestFields(request, status));
  }

  reopenFiles(): void {
    this.#parts.logFile.reopen();
    this.#parts.records?.reopen();
  }

  async close(): Promise<void> {
    await this.#parts.records?.close();
  }

  #requestFields(request: SipRequest, status: number): LogFields {
    const { headers, method } = request;
    const from = authenticatedOriginator(headers) ?? headers.text('From');
    return { method, status, ...namesInLog(request), ...(from === undefined ? {} : { from: this.privacy.address(from) }) };
  }
}
