/**
 * OpenTelemetry's `service.instance.id`. Its package has it among what is experimental, which takes 0.7 MB of every process
 * for this one word, and says itself that such names are to be copied.
 * @see https://github.com/open-telemetry/opentelemetry-js/blob/main/semantic-conventions/README.md#unstable-semconv
 */
export const instanceAttribute = 'service.instance.id';
