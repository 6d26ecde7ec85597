import type { InteropCase } from '../case.ts';
import { commandLineCases } from './command-line.ts';
import { linphoneCases } from './linphone.ts';
import { refusalCases } from './refusals.ts';
import { sippCases } from './sipp.ts';

export const cases: readonly InteropCase[] = [...commandLineCases, ...linphoneCases, ...sippCases, ...refusalCases];
