import ts from 'typescript';
import type { AllowanceUse } from './allowances.ts';
import { commentLines } from './comments.ts';
import type { Finding } from './finding.ts';
import { lineOf, type Source, walk } from './source.ts';

interface Trace {
  readonly rule: string;
  readonly pattern: RegExp;
  readonly message: string;
}

/** What a line of any text of ours must not hold. */
const traces: readonly Trace[] = [
  { rule: 'leftover', pattern: /\b(FIXME|TODO|XXX|HACK)\b/, message: 'finish it or open an issue' },
  { rule: 'leftover', pattern: /@ts-(ignore|nocheck)\b/, message: 'make the types right' },
  { rule: 'leftover', pattern: /^(<{7}|>{7}) /, message: 'a merge was left half done' },
  { rule: 'machine-path', pattern: /(?<![\w./:~-])\/(work|tmp|home|root|Users)\//, message: 'a path of one machine' },
  { rule: 'machine-path', pattern: /\b[A-Z]:\\\\?Users\\/, message: 'a path of one machine' },
  { rule: 'word', pattern: /\bsub-?agents?\b/i, message: 'names nothing in this project' },
  {
    rule: 'word',
    pattern: /\b(?!(?:test|jest)-)\w*(Helpers?|Utils?|Manager)\b/,
    message: 'say what it does; see Names in CONTRIBUTING.md',
  },
  { rule: 'word', pattern: /\b(helpers?|utils)\b/, message: 'say what it does; see Names in CONTRIBUTING.md' },
];

const vagueFileName = /(^|[/-])(helpers?|utils?|manager|misc)\.[a-z]+$/;
const registryHost = /"resolved": "(https?|git)[+:]/;

/** The rules for every file of text: words, paths, marks of unfinished work. */
export function checkText(path: string, text: string, allowances: AllowanceUse): Finding[] {
  if (path === 'package-lock.json') return checkLockfile(path, text);
  const findings = text.split('\n').flatMap((line, index) =>
    traces
      .filter(({ pattern }) => pattern.test(line))
      .map(({ rule, pattern, message }) => ({
        file: path,
        line: index + 1,
        rule,
        message: `"${pattern.exec(line)?.[0].trim()}": ${message}`,
      })),
  );
  if (vagueFileName.test(path)) findings.push({ file: path, line: 1, rule: 'word', message: 'the file name says nothing' });
  return findings.length > 0 && allowances.permits('leftovers', path) ? [] : findings;
}

function checkLockfile(path: string, text: string): Finding[] {
  return text
    .split('\n')
    .flatMap((line, index) =>
      registryHost.test(line)
        ? [{ file: path, line: index + 1, rule: 'machine-path', message: 'the lockfile names a host; install without it' }]
        : [],
    );
}

/** The rules for calls: tests that are switched off or that switch off the others, and writing to the console. */
export function checkCalls(source: Source, allowances: AllowanceUse): Finding[] {
  const findings: Finding[] = [];
  const add = (node: ts.Node, rule: string, message: string): void => {
    findings.push({ file: source.path, line: lineOf(source, node.getStart(source.tree)), rule, message });
  };
  walk(source.tree, (node) => {
    const fault = faultOfTestCall(node, source) ?? faultOfTestOption(node, source);
    if (fault !== undefined) add(node, 'leftover', fault);
    if (isConsole(node) && !mayWriteToConsole(source, allowances)) add(node, 'console', 'packages log through their ports');
  });
  return findings;
}

const testFunctions = /^(test|it|describe|suite|t|context)$/;

function faultOfTestCall(node: ts.Node, source: Source): string | undefined {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return undefined;
  const { expression, name } = node.expression;
  if (!testFunctions.test(expression.getText(source.tree))) return undefined;
  if (name.text === 'only') return '.only leaves all other tests out';
  if (name.text === 'todo') return '.todo proves nothing';
  const saysWhy =
    node.arguments.length === 1 && ts.isStringLiteralLike(node.arguments[0] ?? node) && node.arguments[0]?.getText().length !== 2;
  return name.text === 'skip' && !saysWhy && !isExplained(node, source)
    ? '.skip needs its reason in a comment or as its message'
    : undefined;
}

/** `{ skip: true }` and `{ only: true }`; a string as the value of skip is its reason. */
function faultOfTestOption(node: ts.Node, source: Source): string | undefined {
  if (!source.place.isTest || !ts.isPropertyAssignment(node) || !ts.isIdentifier(node.name)) return undefined;
  const isTrue = node.initializer.kind === ts.SyntaxKind.TrueKeyword;
  if (node.name.text === 'only' && isTrue) return 'only: true leaves all other tests out';
  return node.name.text === 'skip' && isTrue && !isExplained(node, source)
    ? 'skip: true needs its reason; write it as the value'
    : undefined;
}

function isExplained(node: ts.Node, source: Source): boolean {
  const line = lineOf(source, node.getStart(source.tree));
  const lines = commentLines(source.tree);
  return lines.has(line) || lines.has(line - 1);
}

function isConsole(node: ts.Node): boolean {
  return ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'console';
}

function mayWriteToConsole(source: Source, allowances: AllowanceUse): boolean {
  return !source.place.isPackage || allowances.permits('console', source.path);
}
