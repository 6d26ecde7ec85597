/** The text of a member of a JSON value: members by name, elements by number, `0.messageUriId`; undefined when it is not there. */
export function textAtPath(report: unknown, path: string): string | undefined {
  let value = report;
  for (const step of path === '' ? [] : path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Reflect.get(value, step);
  }
  if (value === undefined || value === null) return undefined;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** The JSON text with another text at that path, or without the member; as it was when the path leads nowhere. */
export function withTextAtPath(json: string, path: string, text: string | undefined): string {
  const whole: unknown = JSON.parse(json);
  const steps = path.split('.');
  const last = steps.pop() ?? '';
  let holder: unknown = whole;
  for (const step of steps) holder = typeof holder === 'object' && holder !== null ? Reflect.get(holder, step) : undefined;
  if (typeof holder !== 'object' || holder === null) return json;
  if (text === undefined) Reflect.deleteProperty(holder, last);
  else Reflect.set(holder, last, text);
  return JSON.stringify(whole);
}
