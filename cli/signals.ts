const onInterrupt = () => process.exit(130);
const onTerminate = () => process.exit(143);

/** Ends the command at once when it is asked to end. The exit codes are those of the signals. `process.exit` removes temporary files first. */
export function endAtOnce(): void {
  process.once('SIGINT', onInterrupt);
  process.once('SIGTERM', onTerminate);
}

/** Leaves the signals to a program that ends in its own way. */
export function leaveSignals(): void {
  process.off('SIGINT', onInterrupt);
  process.off('SIGTERM', onTerminate);
}
