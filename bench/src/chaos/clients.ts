import { type Account, openAccount } from "@parley/devstack/accounts";
import { createRandom } from "@parley/devstack/random";
import type { Entry } from "./evidence.ts";
import { Listener } from "./listener.ts";
import { Sender, WINDOW } from "./sender.ts";

/** How often due messages are sent, ms. */
const TICK_MS = 10;
/** Messages that could not be sent in time are sent later, at most this many seconds' worth. */
const DEBT_S = 10;
/** Number of the newest messages that `repeat` sends again. */
const REPEATED = 50;
const MEMBERS_PER_CONSUMER = 2;

type ClientsOptions = Readonly<{
  seed: number;
  authUrl: string;
  /** Number of accounts, each of which sends. */
  senders: number;
  rooms: readonly string[];
  producerSockets: readonly string[];
  consumerSockets: readonly string[];
  sendsPerSecond: number;
  /** Half of the clients go to the next instance after a close, as behind a balancer; default: all return to theirs. */
  isBalanced?: boolean;
}>;

/** All clients of a run: each account sends, some also listen to every room. */
export class Clients {
  readonly senders: readonly Sender[];
  readonly listeners: readonly Listener[];
  readonly #options: ClientsOptions;
  #timer: NodeJS.Timeout | undefined;

  /** Opens the accounts and connects all clients. */
  static async open(options: ClientsOptions): Promise<Clients> {
    const names = Array.from({ length: options.senders }, (_, i) => `sender${i}`);
    const accounts = names.map((username) => openAccount(options.authUrl, { username }));
    return new Clients(options, await Promise.all(accounts));
  }

  private constructor(options: ClientsOptions, accounts: readonly Account[]) {
    this.#options = options;
    const { producerSockets, consumerSockets, rooms, isBalanced = false } = options;
    /** The own instance of a client; of every other client of an instance the others after it, too. */
    const from = (urls: readonly string[], own: number, nth: number) => {
      const all = [...urls.slice(own), ...urls.slice(0, own)];
      return isBalanced && nth % 2 === 1 ? all : all.slice(0, 1);
    };
    const { length } = producerSockets;
    this.senders = accounts.map(
      (account, i) => new Sender(from(producerSockets, i % length, Math.floor(i / length)), account),
    );
    this.listeners = consumerSockets.flatMap((_, consumer) =>
      Array.from({ length: MEMBERS_PER_CONSUMER }, (_, i) => {
        const account = accounts[(consumer * MEMBERS_PER_CONSUMER + i) % accounts.length] as Account;
        return new Listener(
          from(consumerSockets, consumer, i),
          account,
          rooms,
          `member ${i + 1} of consumer ${consumer + 1}`,
        );
      }),
    );
  }

  get unanswered(): number {
    return this.senders.reduce((sum, sender) => sum + sender.unanswered, 0);
  }

  /** Sends at the given rate over all senders from now on, as far as their windows allow. */
  startSending(): void {
    const { seed, rooms, sendsPerSecond } = this.#options;
    const random = createRandom(seed);
    let last = performance.now();
    let due = 0;
    let turn = 0;
    this.#timer = setInterval(() => {
      const now = performance.now();
      due = Math.min(due + ((now - last) * sendsPerSecond) / 1_000, sendsPerSecond * DEBT_S);
      last = now;
      for (let blocked = 0; due >= 1 && blocked < this.senders.length; turn += 1) {
        const sender = this.senders[turn % this.senders.length] as Sender;
        if (sender.unanswered >= WINDOW) {
          blocked += 1;
          continue;
        }
        blocked = 0;
        due -= 1;
        sender.sendNext(random.pick(rooms));
      }
    }, TICK_MS);
  }

  stopSending(): void {
    clearInterval(this.#timer);
  }

  onMessage(look: (room: string, entry: Entry) => void): void {
    for (const member of this.listeners) member.onMessage = look;
  }

  /** One sender and one listener drop their connection without a close frame. */
  vanish(choice: number): void {
    pick(this.senders, choice)?.vanish();
    pick(this.listeners, choice)?.drop();
  }

  repeat(choice: number, forMs: number): void {
    pick(this.senders, choice)?.repeat(REPEATED, forMs);
  }

  mute(choice: number, forMs: number): void {
    pick(this.listeners, choice)?.mute(forMs);
  }

  close(): void {
    this.stopSending();
    for (const client of [...this.senders, ...this.listeners]) client.close();
  }
}

function pick<T>(list: readonly T[], choice: number): T | undefined {
  return list[Math.floor(choice * list.length)];
}
