import { exitCodes } from './command-line/outcome.ts';
import { onOutputGone, writeStandardError, writeStandardOutput } from './command-line/output.ts';
import { runCommandLine } from './command-line/program.ts';

/**
 * A second signal means now. One Ctrl-C can arrive twice, from the terminal and from the program that started us
 * (npm, the launcher), so what follows within this time is the same one.
 */
const sameSignalMilliseconds = 500;

/** 128 + the number of the signal, as shells report it. */
const signalExitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

const interruption = new AbortController();
let interruptedAt: number | undefined;

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    const now = performance.now();
    if (interruptedAt !== undefined && now - interruptedAt > sameSignalMilliseconds) process.exit(signalExitCodes[signal]);
    interruptedAt ??= now;
    interruption.abort();
  });
}

// The launcher's channel closes when it is killed without being able to pass the signal on: we die with it.
process.once('disconnect', () => process.exit(signalExitCodes.SIGTERM));
process.channel?.unref();

onOutputGone(() => process.exit(exitCodes.done));

process.exit(
  await runCommandLine(process.argv.slice(2), {
    directory: process.cwd(),
    environment: process.env,
    interrupted: interruption.signal,
    onHangUp: (reopen) => process.on('SIGHUP', reopen),
    writeOut: writeStandardOutput,
    writeError: writeStandardError,
  }),
);
