const side = 512;

/** The drawn picture of a self-test. */
export const testPicture = { side, pixels: side * side };

/**
 * An operation fails the test where it takes more than this many times as long as it should, or as it usually does
 * here.
 */
export const testSlowness = 3;
