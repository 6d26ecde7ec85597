/**
 * Writes what is made from the code under docs/: the whole of configuration.md and answers.md, and the parts of other pages that stand
 * between `<!-- NAME: made by … -->` and `<!-- NAME: end -->`.
 *
 *   node --conditions=opencpm-source scripts/generate-docs.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { answersPage } from '../answers/page.ts';
import { configurationReference } from '../packages/server/src/configuration/reference.ts';
import { limitsTable, metricsTable } from '../packages/server/src/observability/operating-tables.ts';
import { deferredMessageLadder, relayedMessageLadder } from '../simulation/ladders.ts';
import { withPart } from './docs/parts.ts';

const docs = join(import.meta.dirname, '..', 'docs');

function writeParts(page: string, parts: Readonly<Record<string, string>>): void {
  const path = join(docs, page);
  const text = Object.entries(parts).reduce((written, [name, part]) => withPart(written, name, part), readFileSync(path, 'utf8'));
  writeFileSync(path, text);
}

function drawn(ladder: string): string {
  return `\`\`\`\n${ladder.trimEnd()}\n\`\`\``;
}

writeFileSync(join(docs, 'configuration.md'), configurationReference());
writeFileSync(join(docs, 'answers.md'), answersPage());
writeParts('operating.md', { metrics: metricsTable(), limits: limitsTable() });
writeParts('architecture.md', { relayed: drawn(await relayedMessageLadder()), deferred: drawn(await deferredMessageLadder()) });
