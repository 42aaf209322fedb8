/** Asks about many keys in one go. A key that the answer leaves out has none. */
export type AskAll<Key, Answer> = (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Answer>>;

/** Goes that are under way at once: one that hangs does not keep everybody from being asked about. */
const AT_ONCE = 2;

type Gathering<Key, Answer> = {
  keys: Set<Key>;
  answer: PromiseWithResolvers<ReadonlyMap<Key, Answer>>;
};

/**
 * Asks about one key at a time, and about those that come while it is asking in one go, without a timer: alone, a key
 * waits for nobody; in a crowd it waits for the go before it. Each go begins after all its keys have come, so no
 * answer is older than its question. `most` keys that wait do not wait any longer.
 */
export function createTogether<Key, Answer>(
  askAll: AskAll<Key, Answer>,
  most: number,
): (key: Key) => Promise<Answer | undefined> {
  let gathering: Gathering<Key, Answer> | undefined;
  let underway = 0;
  const go = async ({ keys, answer }: Gathering<Key, Answer>) => {
    underway += 1;
    try {
      answer.resolve(await askAll([...keys]));
    } catch (error) {
      answer.reject(error);
    }
    underway -= 1;
    if (underway < AT_ONCE) leave();
  };
  const leave = () => {
    const next = gathering;
    gathering = undefined;
    if (next) void go(next);
  };
  return async (key) => {
    gathering ??= { keys: new Set(), answer: Promise.withResolvers() };
    const { keys, answer } = gathering;
    keys.add(key);
    if (underway < AT_ONCE || keys.size >= most) leave();
    return (await answer.promise).get(key);
  };
}
