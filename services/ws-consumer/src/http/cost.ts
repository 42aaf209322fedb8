/** Cost of a route that reads one row, in units of packages/runtime/src/work.ts, as the others here. */
export const READ_COST = 3;
/** Cost of a change of a room or a message: its statement, the outbox, the log, the writer's statement, and the answer. */
export const COMMAND_COST = 20;
/** Cost of each member whom a command adds. */
export const MEMBER_COST = 2;
/** Unread messages that are counted for one unit. */
export const UNREAD_PER_UNIT = 150;

/**
 * The cost of a route that answers a page.
 *
 * @param perUnit items that are read for one unit
 * @param normal items of a page if the query does not say
 * @param max most items of a page; a query with a wrong `limit` is refused later
 */
export function pageCost(perUnit: number, normal: number, max: number) {
  return ({ query }: Readonly<{ query: unknown }>): number => {
    const limit = Number((query as { limit?: unknown }).limit ?? normal);
    return READ_COST + (limit >= 1 && limit <= max ? limit : normal) / perUnit;
  };
}
