/** How much of a message is read. Past a limit a request is refused, a response dropped. */
export interface ParseLimits {
  /** Octets of start line and headers with the empty line behind them; more is 513 (RFC 3261 §21.5.7). */
  readonly maximumHeadOctets: number;
  /** Header lines; more is 513. */
  readonly maximumHeaders: number;
  /** Octets of the body; more is 413 (RFC 3261 §21.4.11). */
  readonly maximumBodyOctets: number;
}

/** What a UDP datagram can hold is the measure for heads; bodies above a megabyte belong into MSRP. */
export const defaultParseLimits: ParseLimits = {
  maximumHeadOctets: 65_536,
  maximumHeaders: 256,
  maximumBodyOctets: 1_000_000,
};
