import type { Msg, NatsConnection } from "@nats-io/transport-node";

/** Reports an error that cannot be answered to anybody. */
export type OnFault = (error: unknown, what: string) => void;

/**
 * Subscribes to a subject. An error of the subscription (such as a missing permission), an exception of `handle` and a
 * rejection of its promise go to `onFault`: an exception in a callback would end the reader of the whole connection, and
 * an unhandled rejection the process. Every subscription of the services is made here, and a test finds others.
 *
 * @param options.queue name of a group of which one member receives each message
 * @returns a function that unsubscribes
 * @example const stop = listen(nats, "writers.free", () => survey(), onFault);
 */
export function listen(
  nats: NatsConnection,
  subject: string,
  handle: (message: Msg) => void | Promise<void>,
  onFault: OnFault,
  options: Readonly<{ queue?: string }> = {},
): () => void {
  const fail = (error: unknown) => onFault(error, `message on ${subject}`);
  const subscription = nats.subscribe(subject, {
    ...options,
    callback: (error, message) => {
      if (error) return fail(error);
      try {
        handle(message)?.catch(fail);
      } catch (fault) {
        fail(fault);
      }
    },
  });
  return () => subscription.unsubscribe();
}
