/** One metric as it is exposed and as docs/operating.md has it. */
export interface MetricDefinition {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  /** A sentence; also the HELP line. */
  readonly help: string;
}

/**
 * Everything that `GET /metrics` shows, in the order of the page. Names follow the Prometheus conventions: a prefix,
 * base units (seconds, bytes), `_total` for counters. No label takes values that a peer can choose.
 */
export const metricDefinitions = {
  messages: counter(
    'opencpm_messages_total',
    'Messages by the function that handled them, what became of them and the status that its answer had.',
    ['function', 'outcome', 'status'],
  ),
  requests: counter('opencpm_sip_requests_total', 'Requests that a function or the core has given a final answer.', ['method', 'status']),
  dropped: counter('opencpm_sip_requests_dropped_total', 'Requests that got no answer because their address sent too many of their kind.', [
    'kind',
  ]),
  refused: counter('opencpm_sip_requests_refused_total', 'Requests that were turned away before any function saw them.', ['reason']),
  malformed: counter('opencpm_sip_malformed_total', 'What came and was no SIP message.'),
  retransmissions: counter(
    'opencpm_sip_retransmissions_total',
    'Retransmissions: requests that came again (received), own ones sent again (sent).',
    ['direction'],
  ),
  strayResponses: counter('opencpm_sip_stray_responses_total', 'Responses that belong to no transaction.'),
  unanswered: counter('opencpm_sip_unanswered_requests_total', 'Requests that got no answer until their client gave up.'),
  undeliverable: counter('opencpm_sip_undeliverable_responses_total', 'Responses that could not be sent.'),
  longDatagrams: counter(
    'opencpm_sip_long_datagrams_total',
    'Requests above 1300 bytes that went over UDP because TCP did not work (RFC 3261 §18.1.1).',
  ),
  transactions: gauge('opencpm_sip_transactions', 'Transactions held: server, client, and server ones without a final answer (open).', [
    'kind',
  ]),
  connections: gauge('opencpm_sip_connections', 'Open TCP connections.'),
  users: gauge('opencpm_users', 'Users that the server knows.'),
  bindings: gauge('opencpm_bindings', 'Registered clients by state: reachable, or unreachable until they are heard of again.', ['state']),
  deferred: gauge('opencpm_deferred_messages', 'Messages that wait in the deferred message queue.'),
  deferredAge: gauge('opencpm_deferred_oldest_age_seconds', 'Age of the oldest waiting message; 0 when none waits.'),
  pushes: counter('opencpm_push_attempts_total', 'Deferred messages that were sent to a client, by what it made of them.', ['outcome']),
  outbox: gauge('opencpm_outbox_requests', 'Notifications that the server owes and has not yet brought to their receivers.'),
  commits: counter('opencpm_database_commits_total', 'Batches given to the database by result: committed, guard-failed, fault.', [
    'result',
  ]),
  pendingCommits: gauge('opencpm_database_pending_commits', 'Batches that wait for the database.'),
  commitDuration: histogram(
    'opencpm_database_commit_duration_seconds',
    'From a batch’s commit call until it is durable, waiting included.',
  ),
  writeDuration: histogram(
    'opencpm_database_write_duration_seconds',
    'One group of batches of the SQLite writer, flush of the redo log included.',
  ),
  writeBatches: histogram('opencpm_database_write_batches', 'Batches that one group of the SQLite writer took.'),
  eventLoopDelay: gauge('opencpm_event_loop_delay_seconds', 'How late the event loop is on average, over the last half second.'),
  eventLoopWorst: histogram('opencpm_event_loop_worst_delay_seconds', 'The longest delay of the event loop in each half second.'),
  records: counter('opencpm_records_total', 'Message records by fate: written, or lost because the file could not be written.', ['fate']),
  logLines: counter('opencpm_log_lines_total', 'Log lines that were written, by level.', ['level']),
  draining: gauge('opencpm_draining', '1 while the server takes no new requests because it is about to stop.'),
  cpu: counter('process_cpu_seconds_total', 'CPU time of the process, user and system.'),
  resident: gauge('process_resident_memory_bytes', 'Resident memory of the process.'),
  heap: gauge('nodejs_heap_size_used_bytes', 'Memory that JavaScript objects use.'),
  external: gauge('nodejs_external_memory_bytes', 'Memory that the heap refers to outside of itself, buffers included.'),
  started: gauge('process_start_time_seconds', 'When the server started, seconds since the epoch.'),
  build: gauge('opencpm_build_info', 'Always 1; the labels tell version and engine.', ['version', 'engine']),
} as const satisfies { readonly [key: string]: MetricDefinition };

export type MetricKey = keyof typeof metricDefinitions;

/** Keys of the metrics of one type. */
export type KeyOfType<Type extends MetricDefinition['type']> = {
  [Key in MetricKey]: (typeof metricDefinitions)[Key]['type'] extends Type ? Key : never;
}[MetricKey];

function counter(name: string, help: string, labels: readonly string[] = []) {
  return { name, type: 'counter', labels, help } as const;
}

function gauge(name: string, help: string, labels: readonly string[] = []) {
  return { name, type: 'gauge', labels, help } as const;
}

function histogram(name: string, help: string) {
  return { name, type: 'histogram', labels: [], help } as const;
}
