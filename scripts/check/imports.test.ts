import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkImports, entryPointsOf } from './imports.ts';
import { parseSource } from './source.ts';

const entryPoints = new Map([
  ...entryPointsOf('packages/sip', {
    name: '@opencpm/sip',
    exports: { '.': { 'opencpm-source': './src/index.ts' }, './node': { 'opencpm-source': './src/node/index.ts' } },
  }),
  ...entryPointsOf('packages/cpm', { name: '@opencpm/cpm', exports: { '.': { 'opencpm-source': './src/index.ts' } } }),
  ...entryPointsOf('packages/testkit', { name: '@opencpm/testkit', exports: { '.': { 'opencpm-source': './src/index.ts' } } }),
]);

/** Findings for a small tree, as `rule file:line`. */
function check(tree: Readonly<Record<string, string>>): string[] {
  const sources = Object.entries(tree).map(([path, text]) => parseSource(path, text));
  return checkImports(sources, entryPoints).map((finding) => `${finding.rule} ${finding.file}:${finding.line}`);
}

describe('layers', () => {
  it('let a package import what is below it', () => {
    assert.deepEqual(check({ 'packages/cpm/src/a.ts': "import { x } from '@opencpm/sip';" }), []);
  });

  it('refuse an upward import, however it is written', () => {
    for (const text of [
      "import { x } from '@opencpm/cpm';",
      "import type { X } from '@opencpm/cpm';",
      "export * from '@opencpm/cpm';",
      "const x = await import('@opencpm/cpm');",
      "type X = import('@opencpm/cpm').X;",
    ]) {
      assert.deepEqual(check({ 'packages/sip/src/a.ts': `\n${text}` }), ['layers packages/sip/src/a.ts:2'], text);
    }
  });

  it('refuse a neighbour of the same layer and a program beside the packages', () => {
    assert.deepEqual(check({ 'packages/sip/src/a.ts': "import '@opencpm/msrp';" }), ['layers packages/sip/src/a.ts:1']);
    assert.deepEqual(check({ 'packages/server/src/a.ts': "import '@opencpm/conformance';" }), ['layers packages/server/src/a.ts:1']);
  });

  it('let testkit know only the protocol libraries, and let the tests below it use testkit', () => {
    assert.deepEqual(check({ 'packages/testkit/src/a.ts': "import '@opencpm/sip'; import '@opencpm/payloads';" }), []);
    assert.deepEqual(check({ 'packages/testkit/src/a.ts': "import '@opencpm/cpm';" }), ['layers packages/testkit/src/a.ts:1']);
    assert.deepEqual(check({ 'packages/sip/src/a.test.ts': "import '@opencpm/testkit';" }), []);
    assert.deepEqual(check({ 'packages/sip/src/a.ts': "import '@opencpm/testkit';" }), ['layers packages/sip/src/a.ts:1']);
  });

  it('refuse a relative path into another package', () => {
    assert.deepEqual(check({ 'packages/cpm/src/a.ts': "import '../../sip/src/index.ts';" }), ['layers packages/cpm/src/a.ts:1']);
  });

  it('refuse equipment of tests in what is packed', () => {
    for (const target of ['./a.test.ts', './a.fixture.ts', './testing/a.ts']) {
      assert.deepEqual(check({ 'packages/storage/src/b.ts': `import '${target}';` }), ['layers packages/storage/src/b.ts:1'], target);
      assert.deepEqual(check({ 'packages/storage/src/b.test.ts': `import '${target}';` }), [], target);
      assert.deepEqual(check({ 'packages/storage/src/testing/b.ts': `import '.${target}';` }), [], target);
    }
  });

  it('refuse a package that has no layer', () => {
    assert.deepEqual(check({ 'packages/extras/src/a.ts': 'export const a = 1;' }), ['layers packages/extras/src/a.ts:1']);
  });

  it('let the programs beside the packages import anything', () => {
    assert.deepEqual(check({ 'conformance/a.ts': "import '@opencpm/cpm'; import '../packages/sip/src/x.ts'; import 'node:fs';" }), []);
  });
});

describe('Node modules', () => {
  it('stay out of code that runs anywhere, with and without the prefix', () => {
    assert.deepEqual(check({ 'packages/sip/src/a.ts': "import 'node:net';" }), ['layers packages/sip/src/a.ts:1']);
    assert.deepEqual(check({ 'packages/client/src/a.ts': "import 'fs';" }), ['layers packages/client/src/a.ts:1']);
  });

  it('may be used by drivers, tests, storage and server', () => {
    for (const path of ['sip/src/node/udp.ts', 'sip/src/a.test.ts', 'storage/src/a.ts', 'server/src/a.ts', 'server/bin/opencpm.mjs']) {
      assert.deepEqual(check({ [`packages/${path}`]: "import 'node:net';" }), [], path);
    }
  });
});

describe('circles', () => {
  it('are refused between files of one package', () => {
    const tree = {
      'packages/sip/src/a.ts': "import './b.ts';",
      'packages/sip/src/b.ts': "\nimport type { C } from './c.ts';",
      'packages/sip/src/c.ts': "\n\nexport { a } from './a.ts';",
    };
    assert.deepEqual(check(tree), ['circle packages/sip/src/c.ts:3']);
  });

  it('are seen through a package name', () => {
    const tree = { 'packages/sip/src/index.ts': "export * from './a.ts';", 'packages/sip/src/a.ts': "import '@opencpm/sip';" };
    assert.deepEqual(check(tree), ['circle packages/sip/src/a.ts:1']);
  });

  it('are not seen where two ways lead to one file', () => {
    const tree = {
      'packages/sip/src/a.ts': "import './b.ts'; import './c.ts';",
      'packages/sip/src/b.ts': "import './c.ts';",
      'packages/sip/src/c.ts': '',
    };
    assert.deepEqual(check(tree), []);
  });
});

it('a check that saw no module fails', () => {
  assert.deepEqual(check({}), ['imports .:1']);
});
