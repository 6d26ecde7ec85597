import type { Proof } from './property.ts';
import type { ConformanceTest, Scenario } from './scenario.ts';
import { type ServerPolicy, ServerProcess, type ServerUnderTest } from './server-process.ts';
import { Tamperer } from './tamperer.ts';
import { describeTampering, type Tampering, tamperingsOf } from './tampering.ts';
import { judge, type Verdict } from './verdict.ts';
import { ScenarioStopped, World } from './world.ts';

export interface TestResult {
  readonly scenario: Scenario;
  readonly test: ConformanceTest;
  readonly verdicts: readonly Verdict[];
  /** Why the scenario ended early. */
  readonly stopped: string | undefined;
}

export interface TamperResult {
  readonly proof: Proof;
  readonly test: ConformanceTest;
  readonly tampering: string;
  /** `unapplied`: the relay never met the message that it was to break, so nothing is shown. */
  readonly outcome: 'red' | 'green' | 'unapplied';
}

const patienceMilliseconds = 6000;
/** Most tamperings make somebody wait in vain; a deferral takes one second (`answerWithin`). */
const tamperedPatienceMilliseconds = 2500;
/** Runs mostly wait; more at a time would make them late on a small machine. */
const concurrentRuns = 6;

/** Where scenarios find the server they want. */
export interface Bench {
  server(policy: ServerPolicy | undefined): Promise<ServerUnderTest | undefined>;
}

/** The servers under test, one process for each policy that scenarios ask for, started on first use. */
export class ServerBench implements Bench {
  readonly #servers = new Map<string, Promise<ServerProcess>>();
  /** One after the other: each start takes a processor for seconds. */
  #started: Promise<unknown> = Promise.resolve();

  async server(policy: ServerPolicy | undefined): Promise<ServerProcess | undefined> {
    if (policy === undefined) return undefined;
    const key = JSON.stringify(policy);
    const known = this.#servers.get(key);
    if (known !== undefined) return known;
    const running = this.#started.then(() => ServerProcess.start(policy));
    this.#started = running.catch(() => undefined);
    this.#servers.set(key, running);
    return running;
  }

  async close(): Promise<void> {
    for (const server of await Promise.allSettled(this.#servers.values())) {
      if (server.status === 'fulfilled') await server.value.stop();
    }
  }
}

export async function runScenarios(bench: Bench, scenarios: readonly Scenario[]): Promise<readonly TestResult[]> {
  const results = await concurrently(scenarios, (scenario) => runScenario(bench, scenario));
  return results.flat();
}

/** Runs each proof again, once for each way to break it. */
export async function runTampered(bench: Bench, tampered: readonly TamperedProof[]): Promise<readonly TamperResult[]> {
  return concurrently(tampered, (one) => runTamperedProof(bench, one));
}

export interface TamperedProof {
  readonly scenario: Scenario;
  readonly test: ConformanceTest;
  readonly proof: Proof;
  readonly tampering: Tampering;
}

export function tamperedProofs(scenarios: readonly Scenario[]): readonly TamperedProof[] {
  return scenarios.flatMap((scenario) =>
    scenario.tests.flatMap((test) =>
      test.proofs.flatMap((proof) => tamperingsOf(proof).map((tampering) => ({ scenario, test, proof, tampering }))),
    ),
  );
}

async function runScenario(bench: Bench, scenario: Scenario): Promise<readonly TestResult[]> {
  const { world, stopped } = await play(bench, scenario, undefined);
  return scenario.tests.map((test) => ({ scenario, test, verdicts: test.proofs.map((proof) => judge(proof, world)), stopped }));
}

async function runTamperedProof(bench: Bench, { scenario, test, proof, tampering }: TamperedProof): Promise<TamperResult> {
  const tamperer = new Tamperer(tampering);
  const { world } = await play(bench, scenario, tamperer);
  const holds = judge(proof, world).holds;
  const outcome = holds ? 'green' : 'red';
  return { proof, test, tampering: describeTampering(tampering), outcome: tamperer.applied ? outcome : 'unapplied' };
}

async function play(
  bench: Bench,
  scenario: Scenario,
  tamperer: Tamperer | undefined,
): Promise<{ world: World; stopped: string | undefined }> {
  const server = await bench.server(scenario.server);
  const patience = tamperer === undefined ? patienceMilliseconds : tamperedPatienceMilliseconds;
  const world = new World({ server, tamperer, patienceMilliseconds: patience });
  try {
    await scenario.run(world);
    return { world, stopped: undefined };
  } catch (error) {
    if (error instanceof ScenarioStopped) return { world, stopped: error.message };
    throw error;
  } finally {
    await world.close();
  }
}

async function concurrently<T, R>(items: readonly T[], run: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results = new Map<number, R>();
  const queue = items.entries();
  const work = async (): Promise<void> => {
    for (const [index, item] of queue) results.set(index, await run(item));
  };
  await Promise.all(Array.from({ length: concurrentRuns }, work));
  return [...results].sort(([one], [other]) => one - other).map(([, result]) => result);
}
