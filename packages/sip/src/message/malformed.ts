/** What a codec gives for a text that its grammar does not allow. Returned, never thrown: it is the peer's fault. */
export class Malformed {
  /** In words, for logs and for the Reason-Phrase of a 400. */
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}
