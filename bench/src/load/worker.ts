import { Crew } from "./crew.ts";
import type { Answer, Order } from "./orders.ts";

/** One process of the load generator: takes orders over IPC, one at a time, and answers each. */
const crew = new Crew();

async function obey(order: Order): Promise<unknown> {
  switch (order.kind) {
    case "open":
      return crew.open(order);
    case "run":
      return crew.run(order);
    case "settle":
      return crew.settle(order);
    case "pause":
      for (const { member } of crew.hands.filter(({ place }) => order.places.includes(place.index)))
        order.isPaused ? member?.pause() : member?.resume();
      return undefined;
    case "close":
      return crew.close();
  }
}

process.on("message", (order: Order) => {
  void obey(order).then(
    (result) => process.send?.({ result } satisfies Answer),
    (error: unknown) => process.send?.({ error: String(error) } satisfies Answer),
  );
});
process.on("disconnect", () => process.exit(0));
