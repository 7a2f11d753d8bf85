import { type Attributes, SpanStatusCode, trace } from '@opentelemetry/api';

const tracer = trace.getTracer('orrery');

/**
 * Runs `work` in a span of its own. Costs next to nothing while no OpenTelemetry SDK is loaded (the operator loads one
 * with `node --import`). Throws what `work` throws, noted in the span.
 */
export function inSpan<T>(name: string, attributes: Attributes, work: () => Promise<T>): Promise<T> {
  return tracer.startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await work();
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      if (error instanceof Error) span.recordException(error);
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Whether an OpenTelemetry SDK is loaded and records spans. */
export function tracingIsOn(): boolean {
  const span = tracer.startSpan('orrery.start');
  span.end();
  return span.isRecording();
}
