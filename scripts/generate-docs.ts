/**
 * Writes the pages under docs/ that are made from the code: docs/configuration.md.
 *
 *   node --conditions=opencpm-source scripts/generate-docs.ts
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { configurationReference } from '../packages/server/src/configuration/reference.ts';

writeFileSync(join(import.meta.dirname, '..', 'docs', 'configuration.md'), configurationReference());
