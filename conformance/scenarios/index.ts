import type { Scenario } from '../framework/scenario.ts';

export const scenarios: readonly Scenario[] = [];
