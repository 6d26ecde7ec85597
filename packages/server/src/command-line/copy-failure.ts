import type { CopyResult, CopySide } from '@opencpm/storage';
import { type ExitCode, exitCodes } from './outcome.ts';
import { remediedText } from './startup-faults.ts';

/** One line about a copy that did not come to its end, with what to do about it. */
export function copyFailure(result: Exclude<CopyResult, { readonly kind: 'copied' }>): readonly [ExitCode, string] {
  switch (result.kind) {
    case 'source-schema':
      return [exitCodes.refused, `The source ${schemaText(result.state)}`];
    case 'target-schema':
      return [exitCodes.refused, `The target ${schemaText(result.state)}`];
    case 'target-unfinished':
      return [exitCodes.refused, 'The target has what an interrupted copy left: repeat this with --overwrite, which empties it first.'];
    case 'target-not-empty':
      return [exitCodes.refused, `The target is not empty: ${contentsText(result)}. Name an empty database.`];
    case 'counts-differ':
      return [
        exitCodes.fault,
        `${result.table} has ${result.source} rows in the source and ${result.target} in the target: who else writes there? No server starts on the target.`,
      ];
    case 'copy-fault':
      return [
        exitCodes.fault,
        `${sideText(result.side)}: ${remediedText(result.fault.cause)}. No server starts on a target that was begun.`,
      ];
  }
}

/** One line about a database that does not open. */
export function openingText(side: CopySide, error: unknown): string {
  return `${sideText(side)}: ${remediedText(error)}`;
}

function sideText(side: CopySide): string {
  return side === 'source' ? 'The source (--from)' : 'The target (--to)';
}

function schemaText(state: Extract<CopyResult, { readonly kind: 'source-schema' }>['state']): string {
  switch (state.kind) {
    case 'schema-older':
      return state.databaseId === 0
        ? 'has no installation.'
        : `has schema ${state.databaseId}, this program has ${state.programId}: start and stop its server with this program once, which brings it forward.`;
    case 'schema-newer':
      return `has schema ${state.databaseId}, this program knows ${state.programId}: use the newer program.`;
    case 'schema-differs':
      return `was given “${state.databaseName}” as schema ${state.id}, this program has “${state.programName}”: it belongs to something else.`;
    case 'copy-unfinished':
      return 'is itself what an interrupted copy left: not all is there.';
  }
}

function contentsText({ tables, foreign }: Extract<CopyResult, { readonly kind: 'target-not-empty' }>): string {
  const ours = tables.map(({ table, rows }) => `${table} (${rows})`);
  return [...ours, ...foreign.map((table) => `${table} (not of OpenCPM)`)].join(', ');
}
