/** A request is one small JSON object; a user with all identities he may have fits in this. */
export const maxRequestBytes = 65_536;

/** An answer is at most `maxQueueRows` summaries, or one message with its body. */
export const maxAnswerBytes = 67_108_864;

/** How many queued messages one answer holds at most. */
export const maxQueueRows = 100_000;

/** An operator and some scripts; more connections than this wait. */
export const maxConnections = 64;

/** How long a request may take to arrive. */
export const requestTimeoutMilliseconds = 10_000;

/** How long the command line waits for an answer. */
export const answerTimeoutMilliseconds = 30_000;

/** sockaddr_un.sun_path on Linux, without the final zero (unix(7)). */
export const maxSocketPathBytes = 107;
