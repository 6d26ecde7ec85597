import { z } from 'zod';

import { durationForm, formatDuration, parseDuration } from './durations.ts';

/**
 * What a key says about itself besides its type. The parser's messages, the reference page and (later) the console's
 * form are all made from this.
 */
export interface SettingDocumentation {
  /** Sentences for the reference page. */
  readonly text: string;
  /** What a value looks like, as the end of "must be …". */
  readonly form: string;
  /** As one would write it in YAML; a key without one is required. */
  readonly fallback?: string;
  /** Where a limit or default comes from. */
  readonly source?: string;
  /** What to write when the key is missing. */
  readonly example?: string;
  /** True when the value must not be repeated in a message. */
  readonly secret?: boolean;
}

export const settingDocumentation = z.registry<SettingDocumentation>();

export function documented<Schema extends z.ZodType>(schema: Schema, documentation: SettingDocumentation): Schema {
  settingDocumentation.add(schema, documentation);
  return schema;
}

/** A map of keys; keys it does not know are errors. Left out, it holds the defaults of its keys. */
export function section<Schema extends z.ZodType>(text: string, schema: Schema): Schema {
  return documented(schema, { text, form: 'a map of keys', fallback: '{}' });
}

export interface DurationBounds {
  readonly text: string;
  readonly fallback: string;
  readonly minimum: string;
  readonly maximum: string;
  readonly source?: string;
}

/** Written as a duration, parsed to seconds. */
export function durationSetting(bounds: DurationBounds) {
  const minimum = millisecondsOf(bounds.minimum);
  const maximum = millisecondsOf(bounds.maximum);
  const schema = z.string().transform((written, context) => {
    const milliseconds = parseDuration(written);
    if (milliseconds !== undefined && milliseconds >= minimum && milliseconds <= maximum) return milliseconds / 1000;
    context.issues.push({ code: 'invalid_value', values: [], input: written });
    return z.NEVER;
  });
  return documented(schema.prefault(bounds.fallback), {
    text: bounds.text,
    form: `${durationForm}, from ${formatDuration(minimum)} to ${formatDuration(maximum)}`,
    fallback: bounds.fallback,
    ...(bounds.source === undefined ? {} : { source: bounds.source }),
  });
}

export interface CountBounds {
  readonly text: string;
  readonly unit: string;
  readonly fallback: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly source?: string;
}

/** A whole number of something. */
export function countSetting(bounds: CountBounds) {
  return documented(z.int().min(bounds.minimum).max(bounds.maximum).prefault(bounds.fallback), {
    text: bounds.text,
    form: `a whole number of ${bounds.unit} from ${bounds.minimum} to ${bounds.maximum}`,
    fallback: String(bounds.fallback),
    ...(bounds.source === undefined ? {} : { source: bounds.source }),
  });
}

export interface Choice<Value extends string> {
  readonly text: string;
  readonly values: readonly Value[];
  readonly fallback: NoInfer<Value>;
  readonly source?: string;
}

export function choiceSetting<const Value extends string>(choice: Choice<Value>) {
  return documented(z.enum(choice.values).prefault(choice.fallback), {
    text: choice.text,
    form: choice.values.join(', ').replace(/, ([^,]*)$/, ' or $1'),
    fallback: choice.fallback,
    ...(choice.source === undefined ? {} : { source: choice.source }),
  });
}

function millisecondsOf(written: string): number {
  const milliseconds = parseDuration(written);
  if (milliseconds === undefined) throw new Error(`A bound in the schema is no duration: ${written}`);
  return milliseconds;
}
