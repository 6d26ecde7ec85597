import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { nodeClock } from '@opencpm/sip/node';
import { destination, pino } from 'pino';
import type { Log as LogSettings } from '../configuration/configuration.ts';
import { listenHttp } from './http-listener.ts';
import { type EventLoopWindow, eventLoopWindowMilliseconds } from './load-gauges.ts';
import type { LogFile, ObservationPlatform, ProcessFigures } from './observation-platform.ts';
import { RecordFile } from './record-file.ts';

/** How the real machine is watched. */
export function nodeObservation(): ObservationPlatform {
  return {
    precise: () => performance.now(),
    processFigures,
    watchEventLoop,
    listenHttp,
    openLog,
    openRecords: (settings, events) => RecordFile.open(settings, events, nodeClock()),
  };
}

function processFigures(): ProcessFigures {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { cpuSeconds: (user + system) / 1e6, residentBytes: rss, heapBytes: heapUsed, externalBytes: external };
}

/** The pause that the monitor asks for; what it measures on top of it is the delay. Each wakes a server that has nothing to do. */
const resolutionMilliseconds = 50;
const nanosecondsPerMillisecond = 1e6;

function watchEventLoop(window: (window: EventLoopWindow) => void): () => void {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMilliseconds });
  const delay = (nanoseconds: number) => Math.max(0, nanoseconds / nanosecondsPerMillisecond - resolutionMilliseconds);
  histogram.enable();
  const timer = setInterval(() => {
    // Nothing was measured when the loop stood still for the whole window; then this timer is as late as it was.
    if (histogram.count > 0) window({ meanMilliseconds: delay(histogram.mean), worstMilliseconds: delay(histogram.max) });
    histogram.reset();
  }, eventLoopWindowMilliseconds);
  timer.unref();
  return () => {
    clearInterval(timer);
    histogram.disable();
  };
}

/** JSON lines on standard error or in a file, written at once so that a crash loses none. */
function openLog({ level, file }: LogSettings): LogFile {
  const target = destination({ dest: file ?? 2, sync: true, mkdir: true });
  // A disk that is full takes no lines; the messages of the users go on.
  target.on('error', () => undefined);
  const log = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, target);
  return {
    debugging: log.isLevelEnabled('debug'),
    error: (fields, text) => log.error(fields, text),
    warn: (fields, text) => log.warn(fields, text),
    info: (fields, text) => log.info(fields, text),
    debug: (fields, text) => log.debug(fields, text),
    reopen: () => (file === undefined ? undefined : target.reopen()),
  };
}
