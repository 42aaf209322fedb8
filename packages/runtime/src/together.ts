/** Asks about many keys in one go. A key that the answer leaves out has none. */
export type AskAll<Key, Answer> = (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Answer>>;

/** From the begin of one go to that of the next, ms. */
const PAUSE_MS = 5;

type Gathering<Key, Answer> = {
  keys: Set<Key>;
  answer: PromiseWithResolvers<ReadonlyMap<Key, Answer>>;
};

/**
 * Asks about one key at a time, and in a crowd about all that come within 5 ms in one go, or about `most` at once: a
 * key that comes after a pause waits for nobody. Each go begins after its keys have come, so no answer is older than
 * its question, and none waits for the go before it, which may hang.
 */
export function createTogether<Key, Answer>(
  askAll: AskAll<Key, Answer>,
  most: number,
): (key: Key) => Promise<Answer | undefined> {
  let gathering: Gathering<Key, Answer> | undefined;
  let restsUntil = 0;
  const go = () => {
    if (!gathering) return;
    const { keys, answer } = gathering;
    gathering = undefined;
    restsUntil = performance.now() + PAUSE_MS;
    askAll([...keys]).then(answer.resolve, answer.reject);
  };
  return async (key) => {
    gathering ??= { keys: new Set(), answer: Promise.withResolvers() };
    const { keys, answer } = gathering;
    keys.add(key);
    const wait = restsUntil - performance.now();
    if (wait <= 0 || keys.size >= most) go();
    else if (keys.size === 1) setTimeout(go, wait);
    return (await answer.promise).get(key);
  };
}
