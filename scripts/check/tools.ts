import { spawn } from 'node:child_process';
import process from 'node:process';
import type { Finding } from './finding.ts';

interface ToolResult {
  readonly exitCode: number;
  readonly output: string;
}

/** Runs a JavaScript program under this Node; answers when it has ended, with stdout and stderr in one text. */
function runTool(root: string, program: string, parameters: readonly string[]): Promise<ToolResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...parameters], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve({ exitCode: code ?? 1, output: Buffer.concat(chunks).toString('utf8') }));
  });
}

/** Type checks one project with the native compiler. */
export async function checkTypes(root: string, project: string): Promise<Finding[]> {
  const result = await runTool(root, 'node_modules/typescript7/bin/tsc', ['-p', project, '--noEmit', '--pretty', 'false']);
  return orWhole(result, 'types', readCompilerOutput(result.output));
}

export async function checkFormatAndLint(root: string): Promise<Finding[]> {
  const parameters = ['ci', '--error-on-warnings', '--reporter=github', '--max-diagnostics=none', '--colors=off', '.'];
  const result = await runTool(root, 'node_modules/@biomejs/biome/bin/biome', parameters);
  return orWhole(result, 'lint', readBiomeOutput(result.output, root));
}

/** Unused files, exports and dependencies. */
export async function checkUnused(root: string): Promise<Finding[]> {
  const result = await runTool(root, 'node_modules/knip/bin/knip.js', ['--reporter', 'json', '--no-progress']);
  return orWhole(result, 'unused', readKnipOutput(result.output));
}

/** A tool that failed without a line that we can read (a crash, a bad configuration) must not pass for clean. */
function orWhole(result: ToolResult, rule: string, findings: Finding[]): Finding[] {
  if (result.exitCode === 0 || findings.length > 0) return findings;
  return [{ file: '.', line: 1, rule, message: `exit code ${result.exitCode}: ${result.output.trim()}` }];
}

export function readCompilerOutput(output: string): Finding[] {
  return output.split('\n').flatMap((line) => {
    const parts = /^(?:(.+?)\((\d+),\d+\): )?error (TS\d+): (.*)$/.exec(line);
    if (parts === null) return [];
    const [, file = '.', number = '1', rule = '', message = ''] = parts;
    return [{ file, line: Number(number), rule, message }];
  });
}

export function readBiomeOutput(output: string, root: string): Finding[] {
  return output.split('\n').flatMap((text) => {
    const parts = /^::(?:error|warning|notice) title=([^,]*),file=([^,]*),line=(\d+)[^:]*::(.*)$/.exec(text);
    if (parts === null) return [];
    const [, title = '', file = '', line = '1', message = ''] = parts;
    const path = file.startsWith(`${root}/`) ? file.slice(root.length + 1) : file;
    return [{ file: path, line: Number(line), rule: title, message: title === 'format' ? 'not formatted; run npm run format' : message }];
  });
}

interface KnipReport {
  readonly issues?: readonly KnipIssues[];
}

type KnipIssues = { readonly file: string } & { readonly [kind: string]: unknown };

export function readKnipOutput(output: string): Finding[] {
  const start = output.indexOf('{');
  if (start === -1) return [];
  const report: KnipReport = JSON.parse(output.slice(start));
  return (report.issues ?? []).flatMap((issues) =>
    Object.entries(issues).flatMap(([kind, found]) =>
      Array.isArray(found) ? found.map((one) => knipFinding(issues.file, kind, one)) : [],
    ),
  );
}

function knipFinding(file: string, kind: string, one: { readonly name?: string; readonly line?: number }): Finding {
  return {
    file,
    line: one.line ?? 1,
    rule: 'unused',
    message: kind === 'files' ? 'nobody imports this file' : `${kind}: ${one.name ?? ''}`,
  };
}
