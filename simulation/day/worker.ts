/** One thread of DayWorkers: gets a seed, sends what its day came to. */
import { parentPort, workerData } from 'node:worker_threads';
import { outcomeOf } from './outcome.ts';
import { planDay } from './plan.ts';
import { plantedBugs } from './planted-bugs.ts';

const spoil = plantedBugs.find(({ name }) => name === workerData.bug)?.spoil;

parentPort?.on('message', (seed: number) => {
  void outcomeOf(planDay(seed), spoil).then((outcome) => parentPort?.postMessage(outcome));
});
