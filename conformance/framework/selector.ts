import type { Captured, ReportCapture, WireCapture } from './capture.ts';
import { readCpim } from './wire-cpim.ts';
import { headerValues, isRequest, methodOf, statusOf } from './wire-message.ts';

/** Names messages of a scenario. Every member that is given must fit. */
export interface WireSelector {
  readonly kind: 'request' | 'response';
  readonly at: string;
  readonly direction: 'received' | 'sent';
  readonly method: string;
  readonly status?: number;
  readonly label?: string;
  readonly during?: string;
  /** Part of the text inside the CPIM wrapper, or of the body. */
  readonly content?: string;
  /** Last part of the ICSI in Accept-Contact: `msg`, `deferred`. */
  readonly service?: string;
}

export interface ReportSelector {
  readonly kind: 'report';
  readonly at: string;
  readonly about: string;
  readonly during?: string;
}

type Narrowing = Partial<Pick<WireSelector, 'status' | 'label' | 'during' | 'content' | 'service'>>;

/** A request that the peer received. */
export function requestAt(at: string, method: string, narrowing: Narrowing = {}): WireSelector {
  return { kind: 'request', at, direction: 'received', method, ...narrowing };
}

/** The final answer that the peer received; challenges count only when their status is asked for. */
export function responseAt(at: string, method: string, narrowing: Narrowing = {}): WireSelector {
  return { kind: 'response', at, direction: 'received', method, ...narrowing };
}

export function requestSentBy(at: string, method: string, narrowing: Narrowing = {}): WireSelector {
  return { kind: 'request', at, direction: 'sent', method, ...narrowing };
}

export function responseSentBy(at: string, method: string, narrowing: Narrowing = {}): WireSelector {
  return { kind: 'response', at, direction: 'sent', method, ...narrowing };
}

/** What a program told about itself (a command's JSON, an SDK's event). */
export function reportBy(at: string, about: string, during?: string): ReportSelector {
  return during === undefined ? { kind: 'report', at, about } : { kind: 'report', at, about, during };
}

export function selects(selector: WireSelector | ReportSelector, captured: Captured): boolean {
  if (selector.during !== undefined && selector.during !== captured.phase) return false;
  if (selector.at !== captured.at) return false;
  if (selector.kind === 'report') return captured.kind === 'report' && captured.about === selector.about;
  return captured.kind === 'wire' && selectsWire(selector, captured);
}

export function selectWire(selector: WireSelector, captured: readonly Captured[]): readonly WireCapture[] {
  return captured.filter((one) => one.kind === 'wire').filter((one) => selects(selector, one));
}

export function selectReports(selector: ReportSelector, captured: readonly Captured[]): readonly ReportCapture[] {
  return captured.filter((one) => one.kind === 'report').filter((one) => selects(selector, one));
}

export function describeSelector(selector: WireSelector | ReportSelector): string {
  const during = selector.during === undefined ? '' : ` during '${selector.during}'`;
  if (selector.kind === 'report') return `${selector.at} about '${selector.about}'${during}`;
  const which = [selector.status, selector.label, selector.content, selector.service].filter((part) => part !== undefined);
  const what = `${selector.method} ${selector.kind}${which.length === 0 ? '' : ` (${which.join(', ')})`}`;
  return `${what} ${selector.direction} by ${selector.at}${during}`;
}

function selectsWire(selector: WireSelector, { message, direction, label }: WireCapture): boolean {
  if (direction !== selector.direction || isRequest(message) !== (selector.kind === 'request')) return false;
  if (methodOf(message) !== selector.method) return false;
  if (selector.label !== undefined && selector.label !== label) return false;
  if (selector.kind === 'response' && !hasStatus(selector.status, statusOf(message) ?? 0)) return false;
  if (selector.service !== undefined && !namesService(headerValues(message, 'Accept-Contact'), selector.service)) return false;
  return selector.content === undefined || (readCpim(message.body)?.content ?? message.body).includes(selector.content);
}

function hasStatus(wanted: number | undefined, status: number): boolean {
  return wanted === undefined ? status >= 200 && status !== 401 && status !== 407 : wanted === status;
}

function namesService(values: readonly string[], service: string): boolean {
  const named = values
    .join(',')
    .toLowerCase()
    .matchAll(/oma\.cpm\.([a-z.]+)/g);
  return [...named].some((match) => match[1] === service);
}
