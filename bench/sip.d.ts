/** What the bench uses of the package `sip`, which has no types. */
declare module 'sip' {
  /** The message with its routing headers decoded; undefined for what it does not understand. */
  export function parse(text: string): { readonly method: string; readonly headers: { readonly route?: unknown } } | undefined;
}
