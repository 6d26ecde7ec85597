/**
 * The shared SQL as PostgreSQL takes it: `?` becomes `$1`, `$2` …, `{{bytes}}` becomes BYTEA, `{{in_key}}` nothing. String
 * literals, quoted identifiers and comments are copied as they are.
 */
export function translate(sql: string): string {
  let translated = '';
  let copied = 0;
  let placeholders = 0;
  let at = 0;
  while (at < sql.length) {
    const end = skipOpaque(sql, at);
    if (end > at) {
      at = end;
    } else if (sql[at] === '?') {
      placeholders += 1;
      translated += `${sql.slice(copied, at)}$${placeholders}`;
      at += 1;
      copied = at;
    } else {
      const word = WORDS.find(([written]) => sql.startsWith(written, at));
      if (word !== undefined) translated += sql.slice(copied, at) + word[1];
      at += word?.[0].length ?? 1;
      if (word !== undefined) copied = at;
    }
  }
  return translated + sql.slice(copied);
}

const WORDS = [
  ['{{bytes}}', 'BYTEA'],
  ['{{in_key}}', ''],
] as const;

/** The end of the literal, quoted identifier or comment that begins at `at`, or `at` when none does. */
function skipOpaque(sql: string, at: number): number {
  const first = sql[at];
  if (first === "'" || first === '"') return skipPast(sql, first, at + 1);
  if (sql.startsWith('--', at)) return skipPast(sql, '\n', at + 2);
  if (sql.startsWith('/*', at)) return skipPast(sql, '*/', at + 2);
  return at;
}

/** A doubled quote inside a literal ends one and begins the next, which comes to the same. */
function skipPast(sql: string, closing: string, from: number): number {
  const found = sql.indexOf(closing, from);
  return found < 0 ? sql.length : found + closing.length;
}
