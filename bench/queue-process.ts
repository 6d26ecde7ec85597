import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** Megabytes. */
export interface Memory {
  readonly resident: number;
  /** Its share of what several processes share is counted in part. */
  readonly proportional: number;
}

export function memoryOf(pid: number): Memory {
  return { resident: kilobytes(pid, 'status', 'VmRSS'), proportional: kilobytes(pid, 'smaps_rollup', 'Pss') };
}

/** The most that was resident since `forgetPeak`, in megabytes. */
export function peakOf(pid: number): number {
  return kilobytes(pid, 'status', 'VmHWM');
}

export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

function kilobytes(pid: number, file: string, name: string): number {
  const line = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/${file}`, 'utf8'));
  return Math.round(Number(line?.[1]) / 1024);
}

/** Processor time of all threads that the process has, in milliseconds; finer than the hundredths of a second of `stat`. */
export function cpuMilliseconds(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = threads.map((thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]));
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6;
}
