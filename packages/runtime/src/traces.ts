import type { Link } from "@opentelemetry/api";
import { Type } from "typebox";
import type { Log } from "./log.ts";

/** Variables of services that trace messages. */
export const TraceVariables = {
  OTEL_EXPORTER_OTLP_ENDPOINT: Type.Optional(
    Type.String({
      pattern: "^https?://",
      description: "where traces are sent by OTLP over HTTP, without /v1/traces; left out: nothing is traced",
    }),
  ),
  TRACES_RATIO: Type.Number({
    default: 0.01,
    minimum: 0,
    maximum: 1,
    description: "part of the messages that are traced; the same for all services",
  }),
} as const;

/** A span that has ended. Times are ms since 1970, as `now` gives them. */
type SpanFacts = Readonly<{
  name: string;
  start: number;
  end: number;
  /** The message's trace, 32 hexadecimal digits. Left out: a trace of its own. */
  trace?: string;
  /** Its first span, the parent of all others. */
  isRoot?: boolean;
  /** Traces of the messages that it was about. */
  links?: readonly string[];
  /** The span of somebody else's trace that caused it: the value of a `traceparent` header. */
  cause?: string | undefined;
  attributes: Readonly<Record<string, string | number | boolean>>;
  /** A code, never a text that may quote a message. */
  error?: string | undefined;
}>;

export type Traces = Readonly<{
  ratio: number;
  /** Queues a span for the receiver. Never throws and never waits; beyond `SPANS_MAX` it is dropped. */
  record: (span: SpanFacts) => void;
  /** Sends what is queued, for at most `FLUSH_MS`. */
  close: () => Promise<void>;
}>;

/** Spans that wait for the receiver, about 1 KB each. */
const SPANS_MAX = 4_096;
/** Time between two deliveries, and the longest wait for one, ms. */
const SEND_EVERY_MS = 1_000;
const SEND_DEADLINE_MS = 5_000;
const FLUSH_MS = 2_000;
/** Links of one span: a batch has at most as many entries, and a pack half of them. */
const LINKS_MAX = 1_000;
/** Least time between two warnings that spans cannot be delivered, ms. */
const WARN_EVERY_MS = 60_000;
const SAMPLED = 1;
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;

/** The time, ms since 1970 with fractions, of a clock that never goes back. */
export const now = (): number => performance.timeOrigin + performance.now();

/** The first span of a message's trace has an id that every process knows: the end of the trace's. */
const rootIdOf = (trace: string): string => trace.slice(16);

/**
 * Opens the way to the receiver of traces; undefined if there is none or the ratio is 0. The library is loaded only then:
 * it costs 0.4 s and 27 MB.
 *
 * @example const traces = await openTraces("ws-producer", config, log)
 */
export async function openTraces(
  service: string,
  config: Readonly<{ OTEL_EXPORTER_OTLP_ENDPOINT?: string; TRACES_RATIO: number }>,
  log: Pick<Log, "warn">,
): Promise<Traces | undefined> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, TRACES_RATIO: ratio } = config;
  if (endpoint === undefined || ratio === 0) return undefined;
  const [api, sdk, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
    import("@opentelemetry/api"),
    import("@opentelemetry/sdk-trace"),
    import("@opentelemetry/exporter-trace-otlp-http"),
    import("@opentelemetry/resources"),
  ]);
  warnOfFaults(api.diag, log);
  const random = new sdk.RandomIdGenerator();
  let next: Readonly<{ trace: string; span: string }> | undefined;
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({ "service.name": service, "process.pid": process.pid }),
    // What is recorded was sampled before, by its key.
    sampler: new sdk.AlwaysOnSampler(),
    idGenerator: {
      generateTraceId: () => next?.trace ?? random.generateTraceId(),
      generateSpanId: () => next?.span ?? random.generateSpanId(),
    },
    spanLimits: { linkCountLimit: LINKS_MAX },
    spanProcessors: [
      new sdk.BatchSpanProcessor({
        exporter: new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, "")}/v1/traces` }),
        maxQueueSize: SPANS_MAX,
        scheduledDelayMillis: SEND_EVERY_MS,
        exportTimeoutMillis: SEND_DEADLINE_MS,
      }),
    ],
  });
  const tracer = provider.getTracer("parley");
  const contextOf = (traceId: string, spanId = rootIdOf(traceId)) => ({
    traceId,
    spanId,
    traceFlags: SAMPLED,
    isRemote: true,
  });
  const record = ({ name, start, end, trace, isRoot, links = [], cause, attributes, error }: SpanFacts) => {
    const isChild = trace !== undefined && isRoot !== true;
    const parent = isChild ? api.trace.setSpanContext(api.ROOT_CONTEXT, contextOf(trace)) : api.ROOT_CONTEXT;
    const [, causeTrace, causeSpan] = TRACEPARENT.exec(cause ?? "") ?? [];
    const all: Link[] = links.map((one) => ({ context: contextOf(one) }));
    if (causeTrace !== undefined) all.push({ context: contextOf(causeTrace, causeSpan) });
    next = isRoot && trace !== undefined ? { trace, span: rootIdOf(trace) } : undefined;
    const span = tracer.startSpan(
      name,
      { startTime: start, links: all, attributes: { ...attributes } },
      parent,
    );
    next = undefined;
    if (error !== undefined) span.setStatus({ code: api.SpanStatusCode.ERROR, message: error });
    span.end(end);
  };
  const close = async () => {
    await Promise.race([
      provider.shutdown().catch(() => undefined),
      new Promise((resolve) => setTimeout(resolve, FLUSH_MS).unref()),
    ]);
  };
  return { ratio, record, close };
}

/** The library tells its faults to a logger; a receiver that is away would fill the log. */
function warnOfFaults(diag: typeof import("@opentelemetry/api").diag, log: Pick<Log, "warn">): void {
  let warnedAt = -WARN_EVERY_MS;
  const tell = (message: string) => {
    if (performance.now() - warnedAt < WARN_EVERY_MS) return;
    warnedAt = performance.now();
    log.warn({ reason: message.slice(0, 200) }, "traces cannot be delivered; they are dropped");
  };
  const ignore = () => undefined;
  diag.setLogger({ error: tell, warn: tell, info: ignore, debug: ignore, verbose: ignore });
}
