/**
 * Remembers what a text was read as. Clients send the same few values of some headers with every message; each value
 * is read once. Past `maxTexts` the memory starts anew, so that a peer who makes up values gains nothing.
 */
export function readOnce<T>(read: (text: string) => T, maxTexts = 256): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const value = read(text);
    if (known.size >= maxTexts) known.clear();
    known.set(text, value);
    return value;
  };
}
