import { writeSync } from 'node:fs';
import { type LoggerOptions, pino } from 'pino';
import { isFault } from './log/faults.ts';
import { type Loggable, loggableFields, loggableStack, loggableText } from './log/log-fields.ts';
import { createRedaction, type Redaction } from './log/redact.ts';
import { type Line, limitRepeats } from './log/repeated-lines.ts';
import { traceFields } from './log/trace-fields.ts';
import type { Log } from './ports/ports.ts';

/** Cloud Logging's names for pino's levels. @see https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry#LogSeverity */
const severities: Record<string, string> = {
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
  fatal: 'CRITICAL',
};

/** Logs that may have left something out: a program that ends tells of it. */
const counting = new Set<() => void>();
process.once('exit', () => {
  for (const flush of counting) flush();
});

const standardOutput = 1;
/** A slow reader of the log is waited for this many times, one millisecond each. */
const mostWaits = 1_000;

export interface LogSetup {
  /** The project whose Cloud Trace has the traces that lines belong to. */
  project?: string;
  /** Values that must not be in any line, beside what is known by its form. */
  secrets?: readonly (string | undefined)[];
}

/**
 * A log of structured lines on standard output, as Cloud Logging reads them: with severity, trace and span. A line has
 * nothing that opens a door, whatever it is given (log/redact.ts), and a warning that is repeated is written once a
 * minute. A line that cannot be written is dropped: a full disk must not end the program that has to report it.
 * @param program Its name, and the name of what runs it where there are several: `vm-worker vm-1`.
 */
export function createJsonLog(program: string, { project, secrets = [] }: LogSetup = {}): Log {
  const redaction = createRedaction(secrets.filter((secret) => secret !== undefined));
  const options: LoggerOptions = {
    base: { program },
    messageKey: 'message',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ severity: severities[label] ?? 'DEFAULT' }) },
  };
  const logger = pino(options, { write: writeLine });
  const limit = limitRepeats(
    ({ level, fields, message }) => logger[level](fields, message),
    () => performance.now(),
    (ms, action) => void setTimeout(action, ms).unref(),
  );
  counting.add(limit.flush);

  function lineOf(level: Line['level'] | 'info', fields: object, message: string) {
    const { trace, ...others } = { trace: null, ...fields };
    return {
      message: loggableText(message, redaction),
      fields: {
        ...loggableFields(others, redaction),
        ...traceFields(trace, project ?? null),
        ...(level === 'error' ? faultFields(others, program, redaction) : {}),
      },
    };
  }
  return {
    info(given, text) {
      const { fields, message } = lineOf('info', given, text);
      logger.info(fields, message);
    },
    warn: (fields, message) => limit.pass({ level: 'warn', ...lineOf('warn', fields, message) }),
    error: (fields, message) => limit.pass({ level: 'error', ...lineOf('error', fields, message) }),
  };
}

/**
 * What makes Error Reporting take up a line: the stack of an error that is a fault of our code. Others are no errors to
 * be mended in it.
 * @see https://cloud.google.com/error-reporting/docs/formatting-error-messages
 */
function faultFields(fields: object, program: string, redaction: Redaction): Record<string, Loggable> {
  const error: unknown = 'error' in fields ? fields.error : null;
  const stack = isFault(error) ? loggableStack(error, redaction) : null;
  if (stack === null) return {};
  const [service = program] = program.split(' ');
  return { stack_trace: stack, serviceContext: { service } };
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
