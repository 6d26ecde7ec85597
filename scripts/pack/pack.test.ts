import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findExamples } from './examples.ts';
import { entryPointNames, inBuildOrder, type PublishablePackage, publishedManifest } from './publishable.ts';

const manifest = {
  name: '@opencpm/sip',
  version: '0.1.0',
  exports: {
    '.': { 'opencpm-source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' },
    './node': { 'opencpm-source': './src/node/index.ts', types: './dist/node/index.d.ts', default: './dist/node/index.js' },
  },
};

describe('a published manifest', () => {
  it('leads to the built files only and names the Node it needs', () => {
    assert.deepEqual(publishedManifest(manifest), {
      name: '@opencpm/sip',
      version: '0.1.0',
      exports: {
        '.': { types: './dist/index.d.ts', default: './dist/index.js' },
        './node': { types: './dist/node/index.d.ts', default: './dist/node/index.js' },
      },
      engines: { node: '>=24' },
    });
  });

  it('gives the names under which a user imports it', () => {
    assert.deepEqual(entryPointNames(manifest), ['@opencpm/sip', '@opencpm/sip/node']);
  });
});

describe('the build order', () => {
  const named = (name: string, ...needs: string[]): PublishablePackage => ({
    folder: name,
    manifest: { name, version: '0.1.0', dependencies: Object.fromEntries(needs.map((need) => [need, '0.1.0'])) },
  });

  it('puts a package after those it needs and ignores foreign ones', () => {
    const order = inBuildOrder([named('server', 'cpm', 'zod'), named('cpm', 'sip'), named('sip')]);
    assert.deepEqual(
      order.map((one) => one.folder),
      ['sip', 'cpm', 'server'],
    );
  });

  it('refuses a circle', () => {
    assert.throws(() => inBuildOrder([named('a', 'b'), named('b', 'a')]), /circle: a, b/);
  });
});

describe('the examples of a README', () => {
  it('are the named blocks', () => {
    const page = '# Page\n\n```js\n// example: echo-server\nrun();\n```\n\n```js\nfragment();\n```\n\n```sh\n// example: no\n```\n';
    assert.deepEqual(findExamples(page), [{ name: 'echo-server', code: '// example: echo-server\nrun();\n' }]);
  });

  it('have names of their own', () => {
    const block = '```js\n// example: a\n```\n';
    assert.throws(() => findExamples(block + block), /"a"/);
  });
});
