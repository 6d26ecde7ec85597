import type { Captured, ReportCapture, WireCapture } from './capture.ts';
import { describePart, readPart } from './part.ts';
import type { Cause, Check, Part, Proof, Property, Value } from './property.ts';
import { describeSelector, type ReportSelector, selectReports, selectWire, type WireSelector } from './selector.ts';
import { textAtPath } from './text-at-path.ts';

/** Whether a proof's property holds in the record of a run, with the wire lines that show it. */
export interface Verdict {
  readonly proof: Proof;
  readonly holds: boolean;
  /** Lines as they stood on the wire; when the property does not hold, the last line says what is wrong. */
  readonly evidence: readonly string[];
}

/** What a scenario left behind: the messages and the facts that it noted. */
export interface RunRecord {
  readonly captured: readonly Captured[];
  readonly facts: ReadonlyMap<string, string>;
}

export function judge(proof: Proof, record: RunRecord): Verdict {
  const { holds, evidence } = judgeProperty(proof.message, proof.property, record);
  return { proof, holds, evidence };
}

/** The text that a value stands for in this record; undefined when its message has not come. */
export function resolveValue(value: Value, record: RunRecord): string | undefined {
  if (typeof value === 'string') return value;
  if ('fact' in value) return record.facts.get(value.fact);
  const [first] = selectWire(value.of, record.captured);
  return first === undefined ? undefined : readPart(first.message, value.part);
}

interface Judgement {
  readonly holds: boolean;
  readonly evidence: readonly string[];
}

function judgeProperty(selector: WireSelector | ReportSelector, property: Property, record: RunRecord): Judgement {
  if (selector.kind === 'report') return judgeReports(selector, property, record);
  const messages = selectWire(selector, record.captured);
  if (property.kind === 'arrives') return judgeArrival(selector, property.exactly, messages);
  if (property.kind === 'report') throw new TypeError('a claim about a report needs a report selector');
  if (messages.length === 0) return { holds: false, evidence: [`no ${describeSelector(selector)}`] };
  return all(messages.map((message) => judgePart(message, property.part, property.check, record)));
}

function judgeArrival(selector: WireSelector, exactly: number, messages: readonly WireCapture[]): Judgement {
  const evidence = messages.map((message) => `${arrow(message)} ${message.message.startLine}`);
  if (messages.length === exactly) return { holds: true, evidence: exactly === 0 ? [`no ${describeSelector(selector)}`] : evidence };
  return { holds: false, evidence: [...evidence, `${messages.length} instead of ${exactly}: ${describeSelector(selector)}`] };
}

function judgePart(captured: WireCapture, part: Part, check: Check, record: RunRecord): Judgement {
  const value = readPart(captured.message, part);
  const problem = problemOf(value, check, record);
  const line = value === undefined ? `no ${describePart(part)}` : `${describePart(part)}: ${value}`;
  const evidence = [`${arrow(captured)} ${captured.message.startLine}`, ...(isStartLine(part) ? [] : [`  ${line}`])];
  return problem === undefined
    ? { holds: true, evidence }
    : { holds: false, evidence: [...evidence, `  ${describePart(part)} ${problem}`] };
}

function judgeReports(selector: ReportSelector, property: Property, record: RunRecord): Judgement {
  if (property.kind !== 'report') throw new TypeError('a report selector needs a claim about a report');
  const reports = selectReports(selector, record.captured);
  if (reports.length === 0) return { holds: false, evidence: [`no ${describeSelector(selector)}`] };
  const cause = causeLines(property.cause, record);
  const judged = all(reports.map((report) => judgeReport(report, property.path, property.check, record)));
  return { holds: judged.holds, evidence: [...cause, ...judged.evidence] };
}

function judgeReport(captured: ReportCapture, path: string, check: Check, record: RunRecord): Judgement {
  const value = textAtPath(captured.report, path);
  const problem = problemOf(value, check, record);
  const line = `${captured.at}, ${captured.about}: ${path} = ${value ?? '(absent)'}`;
  return problem === undefined ? { holds: true, evidence: [line] } : { holds: false, evidence: [line, `  ${path} ${problem}`] };
}

function causeLines(cause: Cause, record: RunRecord): readonly string[] {
  const [first] = selectWire(cause.message, record.captured);
  if (first === undefined) return [];
  const line = `${arrow(first)} ${first.message.startLine}`;
  if (cause.part === undefined) return [line];
  return [line, `  ${describePart(cause.part)}: ${readPart(first.message, cause.part) ?? '(absent)'}`];
}

function problemOf(value: string | undefined, check: Check, record: RunRecord): string | undefined {
  if (check.check === 'present') return value === undefined ? 'is absent' : undefined;
  if (check.check === 'absent') return value === undefined ? undefined : 'is there';
  if (check.check === 'matches') return value !== undefined && check.pattern.test(value) ? undefined : `does not match ${check.pattern}`;
  return problemOfComparison(value, check, resolveValue(check.value, record));
}

type Comparison = Extract<Check, { value: Value }>;

function problemOfComparison(value: string | undefined, { check }: Comparison, other: string | undefined): string | undefined {
  if (other === undefined) return 'has nothing to be compared with';
  switch (check) {
    case 'equals':
      return value === other ? undefined : `is not ${other}`;
    case 'differs':
      return value !== undefined && value !== other ? undefined : `is absent or still ${other}`;
    case 'contains':
      return value?.includes(other) === true ? undefined : `does not contain ${other}`;
    case 'lacks':
      return value?.includes(other) === true ? `contains ${other}` : undefined;
  }
}

function all(judgements: readonly Judgement[]): Judgement {
  return { holds: judgements.every(({ holds }) => holds), evidence: judgements.flatMap(({ evidence }) => evidence) };
}

function isStartLine(part: Part): boolean {
  return part.part === 'status' || part.part === 'request-uri';
}

function arrow({ at, direction }: WireCapture): string {
  return direction === 'received' ? `${at} <-` : `${at} ->`;
}
