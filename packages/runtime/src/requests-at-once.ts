/** Requests of one user that are served at once. */
export const REQUESTS_AT_ONCE = 4;
/** Requests of one user that may wait for that. */
export const REQUESTS_WAITING_MAX = 16;
/** Longest wait, ms. */
const WAIT_MS = 2_000;

type Waiting = { start: () => void };
type Turns = { running: number; readonly waiting: Waiting[] };

/** Lets few requests of each user be served at once; some more wait in a queue, first come, first served. */
export class RequestsAtOnce {
  readonly #users = new Map<string, Turns>();

  /**
   * Resolves when a request may be served; call `end` once it was. Returns false if the queue is full, or the wait was
   * too long: then nothing is to be ended.
   */
  begin(userId: string): true | Promise<boolean> | false {
    const turns = this.#users.get(userId) ?? { running: 0, waiting: [] };
    this.#users.set(userId, turns);
    if (turns.running < REQUESTS_AT_ONCE) {
      turns.running += 1;
      return true;
    }
    if (turns.waiting.length >= REQUESTS_WAITING_MAX) return false;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        turns.waiting.splice(turns.waiting.indexOf(one), 1);
        resolve(false);
      }, WAIT_MS);
      const one = {
        start: () => {
          clearTimeout(timer);
          resolve(true);
        },
      };
      turns.waiting.push(one);
    });
  }

  /** A request was served: the next one of that user takes its place. */
  end(userId: string): void {
    const turns = this.#users.get(userId);
    if (!turns) return;
    const next = turns.waiting.shift();
    if (next) next.start();
    else if (turns.running > 1) turns.running -= 1;
    else this.#users.delete(userId);
  }
}
