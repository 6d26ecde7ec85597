/** One thing that a part of the check refuses; `line` counts from 1, `file` is relative to the repository. */
export interface Finding {
  readonly file: string;
  readonly line: number;
  readonly rule: string;
  readonly message: string;
}

export function printFinding(finding: Finding): string {
  return `${finding.file}:${finding.line}  ${finding.rule}: ${finding.message}`;
}
