import { authenticatedOriginator, type Charging, messageNames, type OutcomeRecord, type UserId } from '@opencpm/cpm';
import type { SipRequest } from '@opencpm/sip';
import type { Log, LogFields } from './log.ts';
import type { Measures } from './measures.ts';
import { messageRecord } from './message-record.ts';
import type { RecordSink } from './observation-platform.ts';
import type { Privacy } from './privacy.ts';

export interface ChargingSurroundings {
  readonly measures: Measures;
  readonly log: Log;
  readonly privacy: Privacy;
  /** Absent unless the operator wants records. */
  readonly records: RecordSink | undefined;
  readonly ids: { ordered(now: number): string };
  readonly directory: { byOwner(owner: UserId): { readonly identities: readonly { readonly uri: string }[] } | undefined };
  readonly clock: { now(): number };
}

/**
 * What becomes known of each outcome: a count always, a line when the level is `debug`, a record when there is a file.
 * What is not written costs a comparison.
 */
export class MessageCharging implements Charging {
  readonly #surroundings: ChargingSurroundings;

  constructor(surroundings: ChargingSurroundings) {
    this.#surroundings = surroundings;
  }

  outcome(outcome: OutcomeRecord): void {
    const { measures, log, records } = this.#surroundings;
    measures.message(outcome);
    if (log.debugging) this.#log(outcome);
    if (records !== undefined) records.write(this.#record(outcome));
  }

  #log(outcome: OutcomeRecord): void {
    const { log, privacy } = this.#surroundings;
    const { request } = outcome;
    const originator = authenticatedOriginator(request.headers);
    log.debug(
      {
        ...namesInLog(request),
        function: outcome.case,
        outcome: outcome.outcome,
        status: outcome.status,
        user: privacy.address(this.#identityOf(outcome.servedUser)),
        ...(originator === undefined ? {} : { from: privacy.address(originator) }),
        to: privacy.address(request.uri),
        body: privacy.body(request.body),
      },
      'A message has an outcome.',
    );
  }

  #record(outcome: OutcomeRecord): string {
    const { ids, clock } = this.#surroundings;
    const now = clock.now();
    return messageRecord(outcome, { id: ids.ordered(now), now, servedUser: this.#identityOf(outcome.servedUser) });
  }

  /** The first identity of a user; his id when he was removed meanwhile. */
  #identityOf(owner: UserId): string {
    return this.#surroundings.directory.byOwner(owner)?.identities[0]?.uri ?? owner;
  }
}

/** The fields by which every line of a message's way is found; their names are fixed. */
export function namesInLog(request: SipRequest): LogFields {
  const { callId, conversationId, contributionId, messageId } = messageNames(request);
  return { callId, conversationId, contributionId, messageId };
}
