import ts from 'typescript';
import type { AllowanceUse } from './allowances.ts';
import { commentLines } from './comments.ts';
import type { Finding } from './finding.ts';
import { lineOf, type Source, walk } from './source.ts';

/** What belongs to Node and to nobody else. */
const nodeGlobals = new Set(['process', 'Buffer', '__dirname', '__filename', 'require']);

/** Clocks, timers, randomness and the network: in portable code they come in through ports. */
const platformGlobals = new Set([
  'Date',
  'performance',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'clearTimeout',
  'clearInterval',
  'fetch',
  'crypto',
  'globalThis',
]);

/** The rules that one look at the syntax tree decides: what the language offers and this code does without. */
export function checkSyntax(source: Source, allowances: AllowanceUse): Finding[] {
  const findings: Finding[] = [];
  const declared = declaredNames(source.tree);
  const refuse = (node: ts.Node, rule: string, message: string): void => {
    findings.push({ file: source.path, line: lineOf(source, node.getStart(source.tree)), rule, message });
  };
  walk(source.tree, (node) => {
    refuseForbiddenForms(node, refuse);
    refusePlatform(node, source, declared, refuse);
  });
  return [...findings, ...checkCasts(source, allowances)];
}

type Refuse = (node: ts.Node, rule: string, message: string) => void;

function refuseForbiddenForms(node: ts.Node, refuse: Refuse): void {
  if (ts.isEnumDeclaration(node)) refuse(node, 'enum', 'write a union of literals');
  if (ts.isModuleDeclaration(node) && !isGlobalAugmentation(node)) refuse(node, 'namespace', 'a file is the namespace');
  if (ts.isNonNullExpression(node)) refuse(node, 'non-null', 'prove it to the compiler or handle undefined');
  if (ts.isExportAssignment(node) || isDefaultModifier(node)) refuse(node, 'default-export', 'export it by its name');
  if (ts.isDecorator(node)) refuse(node, 'decorator', 'Node does not strip decorators');
}

function isGlobalAugmentation(node: ts.ModuleDeclaration): boolean {
  return ts.isStringLiteral(node.name) || (node.flags & ts.NodeFlags.GlobalAugmentation) !== 0;
}

function isDefaultModifier(node: ts.Node): boolean {
  return node.kind === ts.SyntaxKind.DefaultKeyword && !ts.isDefaultClause(node.parent);
}

function refusePlatform(node: ts.Node, source: Source, declared: ReadonlySet<string>, refuse: Refuse): void {
  const { isPortable, mayUseNode } = source.place;
  if (!ts.isIdentifier(node) || (mayUseNode && !isPortable) || declared.has(node.text) || isOnlyAName(node)) return;
  if (nodeGlobals.has(node.text)) refuse(node, 'platform', `${node.text} belongs to Node; use it in a node/ folder`);
  else if (isPortable && platformGlobals.has(node.text))
    refuse(node, 'platform', `${node.text} in portable code; let it come in as an input`);
  else if (isPortable && isMathRandom(node)) refuse(node, 'platform', 'Math.random in portable code; take the Random port');
}

/** `x.Date`, `{ Date: … }` and the like name a member and not the global. */
function isOnlyAName(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node;
  if (ts.isQualifiedName(parent)) return parent.right === node;
  const isMember =
    ts.isPropertyAssignment(parent) ||
    ts.isPropertySignature(parent) ||
    ts.isPropertyDeclaration(parent) ||
    ts.isMethodDeclaration(parent) ||
    ts.isMethodSignature(parent) ||
    ts.isGetAccessor(parent) ||
    ts.isSetAccessor(parent);
  return (isMember && parent.name === node) || (ts.isBindingElement(parent) && parent.propertyName === node);
}

function isMathRandom(node: ts.Identifier): boolean {
  return node.text === 'Math' && ts.isPropertyAccessExpression(node.parent) && node.parent.name.text === 'random';
}

/** Names that the file binds itself (a parameter called `process`, an imported class called `Date`) are not globals. */
function declaredNames(tree: ts.SourceFile): Set<string> {
  const names = new Set<string>();
  walk(tree, (node) => {
    const name = bindingName(node);
    if (name !== undefined && ts.isIdentifier(name)) names.add(name.text);
  });
  return names;
}

function bindingName(node: ts.Node): ts.Node | undefined {
  if (ts.isVariableDeclaration(node) || ts.isParameter(node) || ts.isBindingElement(node)) return node.name;
  if (ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node)) return node.name;
  if (ts.isTypeAliasDeclaration(node) || ts.isInterfaceDeclaration(node)) return node.name;
  if (ts.isImportSpecifier(node) || ts.isImportClause(node) || ts.isNamespaceImport(node)) return node.name;
  return undefined;
}

/**
 * A cast is a claim that the compiler cannot check, so the reader gets the reason: on its line or the line above. One
 * reason holds for casts on lines that follow each other.
 */
function checkCasts(source: Source, allowances: AllowanceUse): Finding[] {
  const findings: Finding[] = [];
  const explained = commentLines(source.tree);
  walk(source.tree, (node) => {
    if (!isCast(node)) return;
    const last = lineOf(source, node.type.getStart(source.tree));
    const first = lineOf(source, enclosingStatement(node).getStart(source.tree));
    if ([last, last - 1, first, first - 1].some((line) => explained.has(line))) {
      explained.add(last);
      return;
    }
    if (allowances.permits('casts', source.path)) return;
    findings.push({ file: source.path, line: last, rule: 'cast', message: 'a cast needs its reason in a comment beside it' });
  });
  return findings;
}

function isCast(node: ts.Node): node is ts.AsExpression | ts.TypeAssertion {
  return (ts.isAsExpression(node) || ts.isTypeAssertionExpression(node)) && !ts.isConstTypeReference(node.type);
}

function enclosingStatement(node: ts.Node): ts.Node {
  let current = node;
  while (!ts.isStatement(current) && !ts.isClassElement(current) && !ts.isSourceFile(current.parent)) current = current.parent;
  return current;
}
