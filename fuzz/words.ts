/** A Reason-Phrase without what it repeats of the peer's text, so that equal faults have equal words. */
export function withoutEcho(reason: string): string {
  const [first = '', second] = reason.split(': ');
  return second === undefined ? first.slice(0, 80) : `${first}: ${second.slice(0, 80)}`;
}
