import ts from 'typescript';
import type { AllowanceUse } from './allowances.ts';
import type { Finding } from './finding.ts';
import { lineOf, type Source, walk } from './source.ts';

/** The hard limits; the aims are lower (CONTRIBUTING.md). */
export const limits = { functionLines: 70, fileLines: 500, testFileLines: 800, parameters: 4, nesting: 4 } as const;

/** Refuses what has grown past the limits: lines of a function or file, parameters, nesting. */
export function checkSizes(source: Source, allowances: AllowanceUse): Finding[] {
  const findings = checkFile(source, allowances);
  walk(source.tree, (node) => {
    if (!ts.isFunctionLike(node)) return;
    const line = lineOf(source, node.getStart(source.tree));
    for (const message of [tooManyParameters(node), tooDeep(node), tooLong(node, source, allowances)]) {
      if (message !== undefined) findings.push({ file: source.path, line, rule: 'size', message });
    }
  });
  return findings;
}

function checkFile(source: Source, allowances: AllowanceUse): Finding[] {
  const { text } = source.tree;
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  const limit = source.place.isTest ? limits.testFileLines : limits.fileLines;
  if (lines <= limit || allowances.permits('longFiles', source.path)) return [];
  return [{ file: source.path, line: limit + 1, rule: 'size', message: `file of ${lines} lines (limit ${limit})` }];
}

function tooManyParameters(node: ts.SignatureDeclaration): string | undefined {
  const count = node.parameters.filter((parameter) => parameter.name.getText() !== 'this').length;
  return count <= limits.parameters ? undefined : `${nameOf(node)} has ${count} parameters (limit ${limits.parameters}); take a record`;
}

function tooLong(node: ts.SignatureDeclaration, source: Source, allowances: AllowanceUse): string | undefined {
  const lines = lineOf(source, node.getEnd()) - lineOf(source, node.getStart(source.tree)) + 1;
  if (lines <= limits.functionLines || isSuite(node, source)) return undefined;
  const name = nameOf(node);
  if (allowances.permits('longFunctions', `${source.path}#${name}`)) return undefined;
  return `${name} has ${lines} lines (limit ${limits.functionLines})`;
}

/** A function that only holds tests together: `describe('…', () => { … })`, or one that is called for each engine. */
function isSuite(node: ts.SignatureDeclaration, source: Source): boolean {
  const body = ts.isFunctionDeclaration(node) || ts.isArrowFunction(node) || ts.isFunctionExpression(node) ? node.body : undefined;
  if (!source.place.isTest || body === undefined || !ts.isBlock(body)) return false;
  return body.statements.some((statement) => /^(it|test|describe|suite)\b/.test(statement.getText()));
}

function nameOf(node: ts.SignatureDeclaration): string {
  if (ts.isConstructorDeclaration(node)) return 'constructor';
  if (node.name !== undefined) return node.name.getText();
  const { parent } = node;
  const isNamed = ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) || ts.isPropertyDeclaration(parent);
  return isNamed ? parent.name.getText() : 'a function';
}

function tooDeep(node: ts.SignatureDeclaration): string | undefined {
  const depth = depthWithin(node);
  return depth <= limits.nesting ? undefined : `${nameOf(node)} nests ${depth} deep (limit ${limits.nesting})`;
}

/** How many branches and loops stand around the innermost one; a function inside starts anew. */
function depthWithin(node: ts.Node): number {
  let deepest = 0;
  ts.forEachChild(node, (child) => {
    if (ts.isFunctionLike(child)) return;
    deepest = Math.max(deepest, (addsDepth(child) ? 1 : 0) + depthWithin(child));
  });
  return deepest;
}

function addsDepth(node: ts.Node): boolean {
  if (ts.isIfStatement(node)) return !(ts.isIfStatement(node.parent) && node.parent.elseStatement === node);
  return ts.isIterationStatement(node, false) || ts.isSwitchStatement(node) || ts.isTryStatement(node);
}
