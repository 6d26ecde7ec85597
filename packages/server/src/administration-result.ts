/** What became of something that was asked of an administration: plain JSON. */
export type AdministrationResult<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'not-found'; readonly text: string }
  | { readonly kind: 'refused'; readonly text: string }
  | { readonly kind: 'fault'; readonly text: string; readonly temporary: boolean };
