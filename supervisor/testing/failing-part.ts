/** A part for the supervisor's tests: it says that it is ready, and ends. */
process.send?.({ ready: true }, () => process.exit(3));
