/**
 * Loaded before every test file: properties run from one seed, so that a test run can be repeated and a failure belongs
 * to the change that brought it. `OPENCPM_PROPERTY_SEED=random npm test` looks for new cases; the failure names its seed.
 */
import process from 'node:process';
import fc from 'fast-check';

const fixedSeed = 20_261_121;
const wanted = process.env.OPENCPM_PROPERTY_SEED;

if (wanted !== 'random') fc.configureGlobal({ seed: wanted === undefined ? fixedSeed : Number(wanted) });
