/** Of RFC 3261 §17.1.2.2, milliseconds. */
const t1 = 500;
const t2 = 4000;
const timerF = 64 * t1;

/**
 * A client transaction over UDP: sends until there is a final answer (Timer E), and gives that; undefined when there
 * is none within Timer F.
 */
export class ClientTransaction {
  readonly ended: Promise<string | undefined>;
  readonly #send: () => void;
  readonly #settle: (answer: string | undefined) => void;
  #timerE: NodeJS.Timeout | undefined;
  readonly #timerF: NodeJS.Timeout;

  constructor(send: () => void) {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    this.ended = promise;
    this.#settle = resolve;
    this.#send = send;
    this.#timerF = setTimeout(() => this.end(undefined), timerF);
    this.#sendAgain(t1);
  }

  end(answer: string | undefined): void {
    clearTimeout(this.#timerE);
    clearTimeout(this.#timerF);
    this.#settle(answer);
  }

  #sendAgain(pause: number): void {
    this.#send();
    this.#timerE = setTimeout(() => this.#sendAgain(Math.min(pause * 2, t2)), pause);
  }
}
