/** The only way to standard output and standard error in this package. */
export interface Output {
  /** For people: nothing is written with `--json`. */
  say(text: string): void;
  /** A result: the text for people, or with `--json` the object on one line. */
  report(result: object, text: string): void;
  /** For programs: the object on one line with `--json`, nothing without it. */
  record(result: object): void;
  /** How far a long piece of work is, for people: on standard error, nothing with `--json`. */
  progress(text: string): void;
  /** On standard error, with and without `--json`. */
  complain(text: string): void;
}

export type Write = (text: string) => void;

export function outputOver(writeOut: Write, writeError: Write, json: boolean): Output {
  return {
    say: (text) => (json ? undefined : writeOut(`${text}\n`)),
    report: (result, text) => writeOut(json ? `${JSON.stringify(result)}\n` : `${text}\n`),
    record: (result) => (json ? writeOut(`${JSON.stringify(result)}\n`) : undefined),
    progress: (text) => (json ? undefined : writeError(`${text}\n`)),
    complain: (text) => writeError(`${text}\n`),
  };
}

/** Pipes and terminals are written synchronously on POSIX systems, so nothing is lost when the program ends. */
export const writeStandardOutput: Write = (text) => {
  process.stdout.write(text);
};

export const writeStandardError: Write = (text) => {
  process.stderr.write(text);
};

/** Calls back when the reader of our output has gone, as `| head` does. */
export function onOutputGone(gone: () => void): void {
  process.stdout.on('error', (error) => {
    if ('code' in error && error.code === 'EPIPE') gone();
    else throw error;
  });
}

/**
 * Text that a peer has chosen, made safe for a terminal: control characters, which could move the cursor or change
 * its colours, and the marks that turn the reading direction are shown as `\u…`.
 */
export function printable(text: string): string {
  return text.replace(/[^\P{C}\n\t]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** Lines of columns, each as wide as its widest cell. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
