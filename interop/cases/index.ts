import type { InteropCase } from '../case.ts';
import { callCases } from './calls.ts';
import { commandLineCases } from './command-line.ts';
import { edgeCases } from './edge.ts';
import { linphoneCases } from './linphone.ts';
import { refusalCases } from './refusals.ts';
import { sippCases } from './sipp.ts';
import { sippAnswerCases } from './sipp-answers.ts';
import { sipsakCases } from './sipsak.ts';

export const cases: readonly InteropCase[] = [
  ...commandLineCases,
  ...linphoneCases,
  ...sippCases,
  ...sippAnswerCases,
  ...sipsakCases,
  ...edgeCases,
  ...callCases,
  ...refusalCases,
];
