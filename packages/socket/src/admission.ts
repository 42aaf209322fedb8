import type { DoorLimits } from "./door-limits.ts";
import { TokenBuckets } from "./token-bucket.ts";

/** How many handshakes an address may make at once after a pause, in seconds' worth. */
const HANDSHAKE_BURST_S = 2;

/** Counts who is at the door, so that one user or address cannot take all of it. */
export class Admission {
  readonly #limits: DoorLimits;
  readonly #handshakes: TokenBuckets;
  readonly #byUser = new Map<string, number>();
  readonly #byAddress = new Map<string, number>();

  constructor(limits: DoorLimits) {
    this.#limits = limits;
    this.#handshakes = new TokenBuckets(
      limits.handshakesPerSecond,
      limits.handshakesPerSecond * HANDSHAKE_BURST_S,
    );
  }

  /** 0 if the address may begin a handshake now, else how many ms to wait. */
  handshakeWait(address: string, now: number): number {
    return this.#limits.isLimited ? this.#handshakes.take(address, now) : 0;
  }

  /** Counts a socket of an address in. Says false, and counts nothing, if it has too many. */
  enterAddress(address: string): boolean {
    return this.#enter(this.#byAddress, address, this.#limits.socketsPerAddress);
  }

  /** Counts a socket of a user in. Says false, and counts nothing, if there are too many. */
  enterUser(userId: string): boolean {
    return this.#enter(this.#byUser, userId, this.#limits.socketsPerUser);
  }

  leaveAddress(address: string): void {
    leave(this.#byAddress, address);
  }

  leaveUser(userId: string): void {
    leave(this.#byUser, userId);
  }

  #enter(counts: Map<string, number>, key: string, most: number): boolean {
    const count = counts.get(key) ?? 0;
    if (this.#limits.isLimited && count >= most) return false;
    counts.set(key, count + 1);
    return true;
  }
}

function leave(counts: Map<string, number>, key: string): void {
  const count = (counts.get(key) ?? 0) - 1;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}
