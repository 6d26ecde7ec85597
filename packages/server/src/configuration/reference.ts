import { configurationSchema } from './schema.ts';
import { type DocumentedKey, everyKey, type Path } from './schema-walk.ts';

/** The text of docs/configuration.md, made from the schema so that it cannot say anything else. */
export function configurationReference(): string {
  const keys = everyKey(configurationSchema);
  const top = keys.filter((key) => key.path.length === 1);
  const nested = top.filter((key) => membersOf(keys, key.path).length > 0);
  const lines = [...introduction, ...keyLines(top), ...nested.flatMap((section) => sectionLines(section, membersOf(keys, section.path)))];
  return `${lines.join('\n').trimEnd()}\n`;
}

const introduction = [
  '# Configuration',
  '',
  '<!-- Made by scripts/generate-docs.ts from packages/server/src/configuration/schema.ts. Edit that file, not this one. -->',
  '',
  'A server is configured by one YAML file: `opencpm serve --config FILE` (`./opencpm.yaml` when not named).',
  '[example.yaml](example.yaml) is a file to start from. `opencpm config check` names every problem of a file at once, as',
  '`FILE:LINE:COLUMN: KEY: what is wrong (what to do)`, and ends with 0 or 2. A key that is not on this page is a problem.',
  '',
  'Durations are a whole number and a unit: `500ms`, `10s`, `5m`, `1h`, `7d`. The file holds passwords: let nobody but the server read it (`chmod 600`).',
  '',
  '## Keys at the top',
  '',
];

function sectionLines(section: DocumentedKey, members: readonly DocumentedKey[]): readonly string[] {
  return [`## Keys of \`${section.path.join('.')}\``, '', section.documentation.text, '', ...keyLines(members)];
}

function keyLines(keys: readonly DocumentedKey[]): readonly string[] {
  return keys.flatMap(({ path, documentation }) => [
    `### \`${path.join('.')}\``,
    '',
    documentation.text,
    '',
    `- Value: ${documentation.form}`,
    documentation.fallback === undefined ? '- Required' : `- Default: ${inCode(documentation.fallback)}`,
    ...(documentation.source === undefined ? [] : [`- Source: ${documentation.source}`]),
    '',
  ]);
}

function inCode(fallback: string): string {
  return fallback.startsWith('(') ? fallback.slice(1, -1) : `\`${fallback}\``;
}

function membersOf(keys: readonly DocumentedKey[], path: Path): readonly DocumentedKey[] {
  return keys.filter((key) => key.path.length === path.length + 1 && path.every((step, index) => key.path[index] === step));
}
