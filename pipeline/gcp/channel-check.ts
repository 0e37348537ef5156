/** What a program asks of Firestore: calls that are answered at once, or also streams that are silent for long. */
export type Traffic = 'calls' | 'streams';

/**
 * Milliseconds between two pings. With calls alone there is hardly ever one, and the answers around it excuse it:
 * Google's Firestore client for Android pings as often (https://github.com/firebase/firebase-android-sdk/pull/8370).
 * A silent stream may be pinged no more often than gRPC's servers permit by default:
 * https://github.com/grpc/proposal/blob/master/A8-client-side-keepalive.md#server-enforcement
 */
const pingEveryMs: Record<Traffic, number> = { calls: 30_000, streams: 300_000 };
/** A connection whose ping is not answered for so long is given up. */
const answerWithinMs = 10_000;

/**
 * Settings of a gRPC channel by which a connection that died without a word is noticed, and replaced for the next try of
 * the same call. A call pings after `pingEveryMs`, and at once where the channel was unused for as long, as that of an
 * instance of Cloud Run is. Without pings calls have hung for an hour and more:
 * https://github.com/firebase/firebase-admin-node/issues/2495
 * @see https://grpc.io/docs/guides/keepalive/
 */
export function channelCheck(traffic: Traffic) {
  return {
    'grpc.keepalive_time_ms': pingEveryMs[traffic],
    'grpc.keepalive_timeout_ms': answerWithinMs,
  };
}
