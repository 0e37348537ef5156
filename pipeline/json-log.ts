import { pino } from 'pino';
import type { Log } from './ports/ports.ts';

/** Cloud Logging's names for pino's levels. */
const severities: Record<string, string> = {
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
  fatal: 'CRITICAL',
};

/** Structured lines on standard output, as Cloud Logging reads them. */
export function createJsonLog(program: string): Log {
  return pino({
    base: { program },
    messageKey: 'message',
    timestamp: pino.stdTimeFunctions.isoTime,
    errorKey: 'error',
    formatters: { level: (label) => ({ severity: severities[label] ?? 'DEFAULT' }) },
    // Whoever has an upload session's address can write that object.
    redact: ['sessionUrl', '*.sessionUrl'],
  });
}
