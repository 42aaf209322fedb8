import type { DoorLimits } from "./door-limits.ts";
import { TokenBuckets } from "./token-bucket.ts";

/** Burst of handshakes of one address, in seconds of its rate. */
const HANDSHAKE_BURST_S = 2;

/** Counts handshakes by address, and sockets by user and by address, so that no single one takes all of them. */
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

  /** Counts a handshake of an address. Returns 0 if it is within the limit, else how many ms to wait. */
  takeHandshake(address: string, now: number): number {
    return this.#limits.isLimited ? this.#handshakes.take(address, now) : 0;
  }

  /** Counts a socket of an address; returns false, and counts nothing, if it has too many. */
  acquireAddress(address: string): boolean {
    return this.#acquire(this.#byAddress, address, this.#limits.socketsPerAddress);
  }

  /** Counts a socket of a user; returns false, and counts nothing, if there are too many. */
  acquireUser(userId: string): boolean {
    return this.#acquire(this.#byUser, userId, this.#limits.socketsPerUser);
  }

  releaseAddress(address: string): void {
    release(this.#byAddress, address);
  }

  releaseUser(userId: string): void {
    release(this.#byUser, userId);
  }

  #acquire(counts: Map<string, number>, key: string, max: number): boolean {
    const count = counts.get(key) ?? 0;
    if (this.#limits.isLimited && count >= max) return false;
    counts.set(key, count + 1);
    return true;
  }
}

function release(counts: Map<string, number>, key: string): void {
  const count = (counts.get(key) ?? 0) - 1;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}
