/** What is wrong with the arrivals that were asked for, in one sentence for the person who asked. */
export class TraceError extends Error {}
