import { relative } from 'node:path';
import { inspect } from 'node:util';

/** An event of the test runner, as far as it is read here (node:test, class TestsStream). */
export interface TestEvent {
  readonly type: string;
  readonly data?: TestEventData | undefined;
}

interface TestEventData {
  readonly name?: string;
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly message?: string;
  readonly skip?: string | boolean | undefined;
  readonly counts?: TestCounts;
  readonly duration_ms?: number;
  readonly details?: { readonly type?: string | undefined; readonly error?: unknown };
}

interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly skipped: number;
  readonly todo: number;
}

/**
 * Turns the runner's events into lines: one for each file, and for each failure its place, its error and what the file
 * has printed. Silence about what passes keeps the failures readable.
 */
export class TestReport {
  passed = 0;
  failed = 0;
  private readonly root: string;
  private readonly print: (line: string) => void;
  private readonly printed = new Map<string, string>();

  constructor(root: string, print: (line: string) => void) {
    this.root = root;
    this.print = print;
  }

  /** Counts something outside the test runner as one test. */
  takePart(name: string, isPassed: boolean): void {
    if (isPassed) this.passed += 1;
    else this.failed += 1;
    this.print(`${isPassed ? 'ok    ' : 'FAILED'} ${name}`);
  }

  take(event: TestEvent): void {
    const { data } = event;
    if (data === undefined) return;
    if (event.type === 'test:fail') this.takeFailure(data);
    if (event.type === 'test:pass') this.takePass(data);
    if (event.type === 'test:summary') this.takeSummary(data);
    if (event.type === 'test:stdout' || event.type === 'test:stderr') this.keepOutput(data);
  }

  private takeFailure(data: TestEventData): void {
    if (isFailureBelow(data.details?.error)) return;
    this.print(`FAILED ${this.placeOf(data)}  ${data.name ?? ''}`);
    this.print(indent(describeError(data.details?.error)));
    const output = this.printed.get(data.file ?? '') ?? '';
    if (output !== '') this.print(indent(`The file has printed:\n${output}`));
    this.printed.delete(data.file ?? '');
  }

  /** What is skipped is said, with its reason: it proves nothing. */
  private takePass(data: TestEventData): void {
    if (data.skip === undefined || data.skip === false) return;
    this.print(`skipped ${this.placeOf(data)}  ${data.name ?? ''}${typeof data.skip === 'string' ? `: ${data.skip}` : ''}`);
  }

  /** The runner sends a summary for each file, and one without a file for the whole run, which counts. */
  private takeSummary(data: TestEventData): void {
    const { counts, file } = data;
    if (counts === undefined) return;
    const failed = counts.failed + counts.cancelled + counts.todo;
    if (file === undefined) {
      this.passed += counts.passed;
      this.failed += failed;
      return;
    }
    const seconds = ((data.duration_ms ?? 0) / 1000).toFixed(1);
    this.print(
      `${failed === 0 ? 'ok    ' : 'FAILED'} ${relative(this.root, file)}  ${counts.passed} of ${counts.passed + failed}, ${seconds} s`,
    );
  }

  private keepOutput(data: TestEventData): void {
    const file = data.file ?? '';
    this.printed.set(file, (this.printed.get(file) ?? '') + (data.message ?? ''));
  }

  private placeOf(data: TestEventData): string {
    return `${relative(this.root, data.file ?? '')}:${data.line ?? 1}`;
  }
}

/** A suite fails with its tests; the tests say why. */
function isFailureBelow(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'failureType' in error && error.failureType === 'subtestsFailed';
}

/** The stack with its message and what caused it. An assertion's message holds the difference; its values come not again. */
function describeError(error: unknown): string {
  const thrown = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (!(thrown instanceof Error)) return typeof thrown === 'string' ? thrown : inspect(thrown, { depth: 5 });
  const below = thrown instanceof AggregateError ? thrown.errors : [thrown.cause].filter((cause) => cause !== undefined);
  return [thrown.stack ?? String(thrown), ...below.map((cause) => `caused by ${inspect(cause)}`)].join('\n');
}

function indent(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
}
