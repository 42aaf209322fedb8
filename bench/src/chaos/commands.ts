import { sleep } from "@parley/runtime/deadline";

const PAUSE_MS = 20;
const ANSWER_MS = 15_000;

/** Callers of ws-consumer that make one group after the other, and note which were answered as made. */
export class Commands {
  /** Groups that were answered as made. */
  readonly made: string[] = [];
  /** Answers by status; 0: none. */
  readonly answers: Record<number, number> = {};
  /** The longest wait between two groups that were made, ms. */
  gapMs = 0;
  #madeAt = performance.now();
  #isOver = false;
  readonly #running: Promise<unknown>;

  constructor(urls: readonly string[], tokens: readonly string[]) {
    this.#running = Promise.all(tokens.map((token, i) => this.#run(urls[i % urls.length] as string, token)));
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  async #run(url: string, token: string): Promise<void> {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const body = JSON.stringify({ kind: "group", title: "chaos" });
    for (; !this.#isOver; await sleep(PAUSE_MS)) {
      const request = { method: "POST", headers, body, signal: AbortSignal.timeout(ANSWER_MS) };
      const answer = await fetch(`${url}/api/v1/rooms`, request).catch(() => undefined);
      const status = answer?.status ?? 0;
      this.answers[status] = (this.answers[status] ?? 0) + 1;
      if (answer?.status !== 201) {
        await answer?.body?.cancel();
        continue;
      }
      const now = performance.now();
      this.gapMs = Math.max(this.gapMs, now - this.#madeAt);
      this.#madeAt = now;
      const { data } = (await answer.json()) as { data: { id: string } };
      this.made.push(data.id);
    }
  }
}
