import { z } from 'zod';

import { type SettingDocumentation, settingDocumentation } from './setting.ts';

/** From the top of the document to a value: keys of maps and places in lists. */
export type Path = readonly (string | number)[];

type Schema = z.core.$ZodType;

/** What the key at that path says about itself; undefined when there is no such key. */
export function documentationAt(schema: Schema, path: Path): SettingDocumentation | undefined {
  const found = schemaAt(schema, path);
  return found === undefined ? undefined : settingDocumentation.get(found);
}

/** The keys that a map at that path may have, in the order of the schema. */
export function keysAt(schema: Schema, path: Path): readonly string[] {
  const found = schemaAt(schema, path);
  return found === undefined ? [] : Object.keys(shapeOf(found) ?? {});
}

/** Every path (list places left out) at which a key of that name is known. */
export function placesOf(schema: Schema, name: string): readonly Path[] {
  return everyKey(schema)
    .map((key) => key.path)
    .filter((path) => path.at(-1) === name);
}

export interface DocumentedKey {
  readonly path: Path;
  readonly documentation: SettingDocumentation;
}

/** All keys, each map before its own keys. */
export function everyKey(schema: Schema, above: Path = []): readonly DocumentedKey[] {
  const shape = shapeOf(schema) ?? shapeOf(memberOf(schema));
  return Object.entries(shape ?? {}).flatMap(([key, value]) => {
    const path = [...above, key];
    const documentation = settingDocumentation.get(value);
    if (documentation === undefined) throw new Error(`The key ${path.join('.')} has no documentation.`);
    return [{ path, documentation }, ...everyKey(value, path)];
  });
}

function schemaAt(schema: Schema, path: Path): Schema | undefined {
  let current: Schema | undefined = schema;
  for (const step of path) {
    if (current === undefined) return undefined;
    current = typeof step === 'number' ? memberOf(current) : (shapeOf(current)?.[step] ?? memberOf(current));
  }
  return current;
}

/** The schemas of a map's keys; undefined when the schema is no map with fixed keys. */
function shapeOf(schema: Schema | undefined): Readonly<Record<string, Schema>> | undefined {
  const inner = unwrapped(schema);
  return inner instanceof z.ZodObject ? inner.shape : undefined;
}

/** The schema of a list's members or of a free map's values. */
function memberOf(schema: Schema | undefined): Schema | undefined {
  const inner = unwrapped(schema);
  if (inner instanceof z.ZodArray) return inner.element;
  return inner instanceof z.ZodRecord ? inner.valueType : undefined;
}

function unwrapped(schema: Schema | undefined): Schema | undefined {
  return schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional ? unwrapped(schema.unwrap()) : schema;
}
