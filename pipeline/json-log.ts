import { writeSync } from 'node:fs';
import { type LoggerOptions, pino } from 'pino';
import type { Log } from './ports/ports.ts';

/** Cloud Logging's names for pino's levels. */
const severities: Record<string, string> = {
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
  fatal: 'CRITICAL',
};

const standardOutput = 1;
/** A slow reader of the log is waited for this many times, one millisecond each. */
const mostWaits = 1_000;

/**
 * A log of structured lines on standard output, as Cloud Logging reads them. A line that cannot be written is dropped:
 * a full disk must not end the program that has to report it.
 */
export function createJsonLog(program: string): Log {
  const options: LoggerOptions = {
    base: { program },
    messageKey: 'message',
    timestamp: pino.stdTimeFunctions.isoTime,
    errorKey: 'error',
    formatters: { level: (label) => ({ severity: severities[label] ?? 'DEFAULT' }) },
    // Anyone who knows an upload session's address can write that object.
    redact: ['sessionUrl', '*.sessionUrl'],
  };
  return pino(options, { write: writeLine });
}

function writeLine(line: string): void {
  const bytes = Buffer.from(line);
  for (let done = 0, waits = 0; done < bytes.length; ) {
    try {
      done += writeSync(standardOutput, bytes, done);
    } catch (error) {
      const isSlow = error instanceof Error && 'code' in error && error.code === 'EAGAIN';
      if (!isSlow || waits++ >= mostWaits) return;
      Atomics.wait(pause, 0, 0, 1);
    }
  }
}

const pause = new Int32Array(new SharedArrayBuffer(4));
