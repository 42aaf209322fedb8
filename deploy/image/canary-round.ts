import { randomUUID } from "node:crypto";

/** The steps of a round, in order. A round fails at one of them. */
export const STEPS = ["connect", "send", "hear", "read"] as const;
export type Step = (typeof STEPS)[number];

/** Where the canary goes: as users do, by the address of each service. */
export type CanaryAt = Readonly<{ sendUrl: string; listenUrl: string; token: string; room: string }>;

/** Longest wait of one step, ms. */
const STEP_MS = 5_000;

type Frame = Readonly<{ type: string; id?: string; seq?: number }>;

/** A step that was not done in time, or was refused. */
export class StepError extends Error {
  override readonly name = "StepError";
  readonly step: Step;

  constructor(step: Step, reason: string) {
    super(`${step}: ${reason}`);
    this.step = step;
  }
}

/** A socket without a client library: nothing sends again, so that what a user would wait for is a failure here. */
class CanarySocket {
  readonly #ws: WebSocket;
  readonly #token: string;
  readonly #waiting = new Set<(frame: Frame | undefined) => void>();

  constructor(url: string, token: string) {
    this.#ws = new WebSocket(`${url.replace(/^http/, "ws")}/ws`);
    this.#token = token;
    this.#ws.onopen = () => this.#authenticate();
    this.#ws.onmessage = ({ data }) => this.#tell(JSON.parse(String(data)) as Frame);
    this.#ws.onclose = () => this.#tell(undefined);
    this.#ws.onerror = () => this.#tell(undefined);
  }

  get isOpen(): boolean {
    return this.#ws.readyState === WebSocket.OPEN;
  }

  send(frame: object): void {
    if (this.isOpen) this.#ws.send(JSON.stringify(frame));
  }

  /** The next frame that matches. @throws {StepError} at the deadline, or when the socket ends. */
  next(step: Step, matches: (frame: Frame) => boolean): Promise<Frame> {
    return new Promise((resolve, reject) => {
      const end = (error?: StepError, frame?: Frame) => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        if (frame) resolve(frame);
        else reject(error);
      };
      const look = (frame: Frame | undefined) => {
        if (frame === undefined) end(new StepError(step, "the socket was closed"));
        else if (matches(frame)) end(undefined, frame);
      };
      const timer = setTimeout(() => end(new StepError(step, `nothing in ${STEP_MS} ms`)), STEP_MS);
      this.#waiting.add(look);
    });
  }

  close(): void {
    this.#ws.close();
  }

  #authenticate(): void {
    this.send({ type: "auth", token: this.#token });
  }

  #tell(frame: Frame | undefined): void {
    // A service token is taken for a quarter of an hour at a time.
    if (frame?.type === "token_expiring") this.#authenticate();
    for (const look of [...this.#waiting]) look(frame);
  }
}

/** Sends a message, hears it and reads it in history, on two sockets that stay open while they can. */
export class Canary {
  readonly #at: CanaryAt;
  #sockets: readonly [sender: CanarySocket, listener: CanarySocket] | undefined;

  constructor(at: CanaryAt) {
    this.#at = at;
  }

  /**
   * Runs one round.
   *
   * @param onDone called with each step that was done, and its time from the start of sending, s (of connecting for `connect`)
   * @throws {StepError} that names the step which failed
   */
  async round(onDone: (step: Step, seconds: number) => void): Promise<void> {
    let began = performance.now();
    const done = (step: Step) => onDone(step, (performance.now() - began) / 1_000);
    try {
      const [sender, listener] = await this.#connect();
      done("connect");
      began = performance.now();
      const id = randomUUID();
      const acked = sender.next("send", (frame) => frame.type === "ack" && frame.id === id);
      const heard = listener.next("hear", (frame) => frame.type === "message" && frame.id === id);
      // A round that fails at `send` fails once.
      heard.catch(() => undefined);
      sender.send({ type: "message", id, room: this.#at.room, body: "canary" });
      await acked;
      done("send");
      const { seq = 0 } = await heard;
      done("hear");
      await this.#read(id, seq);
      done("read");
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    for (const socket of this.#sockets ?? []) socket.close();
    this.#sockets = undefined;
  }

  async #connect() {
    if (this.#sockets?.every(({ isOpen }) => isOpen)) return this.#sockets;
    this.close();
    const { sendUrl, listenUrl, token, room } = this.#at;
    const [sender, listener] = [
      new CanarySocket(sendUrl, token),
      new CanarySocket(listenUrl, token),
    ] as const;
    this.#sockets = [sender, listener];
    const isHello = ({ type }: Frame) => type === "hello";
    await Promise.all([sender.next("connect", isHello), listener.next("connect", isHello)]);
    listener.send({ type: "subscribe", room });
    await listener.next("connect", ({ type }) => type === "caught_up");
    return this.#sockets;
  }

  async #read(id: string, seq: number): Promise<void> {
    const { listenUrl, token, room } = this.#at;
    const url = `${listenUrl}/api/v1/rooms/${room}/messages?after=${seq - 1}&limit=1`;
    const signal = AbortSignal.timeout(STEP_MS);
    const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` }, signal }).catch(
      (error: Error) => {
        throw new StepError("read", error.message);
      },
    );
    const text = await answer.text();
    if (!answer.ok || !text.includes(`"${id}"`))
      throw new StepError("read", `it is not in history (HTTP ${answer.status})`);
  }
}
