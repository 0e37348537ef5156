/** A part for the supervisor's tests: ready at once, ends on SIGTERM or with its launcher. */
process.send?.({ ready: true });
process.on('disconnect', () => process.exit(0));
