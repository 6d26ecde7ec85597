import ts from 'typescript';
import type { Finding } from './finding.ts';
import { walk } from './source.ts';

/** These return a promise that the test runner itself awaits. */
const awaitedByTheRunner = new Set(['test', 'it', 'describe', 'suite', 'before', 'after', 'beforeEach', 'afterEach']);

/** Refuses promises that nobody awaits: their rejection would end the process or vanish. `void` marks a chosen one. */
export function checkPromises(root: string, configurationFile: string): Finding[] {
  const { fileNames, options } = readConfiguration(root, configurationFile);
  if (fileNames.length === 0) return [{ file: configurationFile, line: 1, rule: 'promise', message: 'saw 0 files' }];
  const program = ts.createProgram(fileNames, options);
  return program
    .getSourceFiles()
    .filter((file) => !file.isDeclarationFile && fileNames.includes(file.fileName))
    .flatMap((file) => checkFile(file, program.getTypeChecker(), root));
}

function readConfiguration(root: string, configurationFile: string): ts.ParsedCommandLine {
  const { config } = ts.readConfigFile(`${root}/${configurationFile}`, ts.sys.readFile);
  return ts.parseJsonConfigFileContent(config, ts.sys, root);
}

function checkFile(file: ts.SourceFile, checker: ts.TypeChecker, root: string): Finding[] {
  const findings: Finding[] = [];
  walk(file, (node) => {
    if (!ts.isExpressionStatement(node) || !isFloating(node.expression, checker)) return;
    const line = file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
    findings.push({ file: file.fileName.slice(root.length + 1), line, rule: 'promise', message: 'nobody awaits this promise' });
  });
  return findings;
}

function isFloating(expression: ts.Expression, checker: ts.TypeChecker): boolean {
  if (!ts.isCallExpression(expression)) return false;
  if (isHandled(expression) || awaitedByTheRunner.has(rootName(expression.expression))) return false;
  const type = checker.getTypeAtLocation(expression);
  return (type.isUnion() ? type.types : [type]).some(
    (part) => part.getProperty('then') !== undefined && part.getProperty('catch') !== undefined,
  );
}

/** `p.catch(handler)` and `p.then(done, failed)` look after the rejection. */
function isHandled(call: ts.CallExpression): boolean {
  if (!ts.isPropertyAccessExpression(call.expression)) return false;
  const { text } = call.expression.name;
  return (text === 'catch' && call.arguments.length === 1) || (text === 'then' && call.arguments.length === 2);
}

/** `test.skip(…)` → `test`. */
function rootName(expression: ts.Expression): string {
  if (ts.isPropertyAccessExpression(expression)) return rootName(expression.expression);
  return ts.isIdentifier(expression) ? expression.text : '';
}
