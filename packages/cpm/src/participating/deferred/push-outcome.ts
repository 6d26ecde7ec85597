/** What became of one request with a deferred message. */
export type PushOutcome =
  /** Out of the queue. */
  | { readonly kind: 'delivered' }
  /** The client has it, the queue as well: the database did not answer. */
  | { readonly kind: 'not-removed' }
  /** Not before `retryAt`, when that is undefined not before the binding changes. `holds`: its conversation waits for it. */
  | { readonly kind: 'refused'; readonly retryAt: number | undefined; readonly holds: boolean }
  | { readonly kind: 'silent'; readonly retryAt: number }
  /** The client is not registered any more. */
  | { readonly kind: 'gone' };
