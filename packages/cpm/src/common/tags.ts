/** The tag of a From or To value (RFC 3261 §19.3), changed without touching what else stands in it. */
const tagParameter = /;\s*tag\s*=\s*([^;\s]+)/i;

export function tagOf(value: string): string | undefined {
  return tagParameter.exec(value.slice(parametersStart(value)))?.[1];
}

export function withoutTag(value: string): string {
  const start = parametersStart(value);
  return value.slice(0, start) + value.slice(start).replace(tagParameter, '');
}

export function withTag(value: string, tag: string): string {
  return `${withoutTag(value)};tag=${tag}`;
}

/** Behind the brackets of the address, whose URI may have a parameter of that name. */
function parametersStart(value: string): number {
  return value.lastIndexOf('>') + 1;
}
