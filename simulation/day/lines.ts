import { type LinkConditions, roughLink, steadyLink } from '@opencpm/testkit';
import type { DayPlan, DeviceName, PlannedLine } from './plan.ts';

/** What a network is like while the day lasts; a device's line has its own way with streams and long datagrams. */
export const networks: Readonly<Record<DayPlan['network'], LinkConditions>> = {
  steady: steadyLink,
  rough: roughLink,
  bad: { ...roughLink, loss: 0.2, doubling: 0.1, reordering: 0.2, reorderingMilliseconds: 2000, mostLatencyMilliseconds: 400 },
};

export function lineOf({ network, lines }: DayPlan, device: DeviceName): LinkConditions {
  const { splitting, maxSegmentOctets, resetting } = lines[device];
  return { ...networks[network], ...sizes(lines[device]), splitting, maxSegmentOctets, resetting };
}

/** Nothing is lost any more; a narrow path stays narrow. */
export function wellLineOf({ lines }: DayPlan, device: DeviceName): LinkConditions {
  return { ...steadyLink, ...sizes(lines[device]) };
}

function sizes({ maxDatagramOctets }: PlannedLine): Partial<LinkConditions> {
  return maxDatagramOctets === undefined ? {} : { maxDatagramOctets };
}
