/** An Enter so soon after a composition still belongs to it, ms: Safari ends the composition first. */
const AFTER_MS = 30;

/** Whether an input method is composing text, or has just stopped. */
export class Composition {
  #isOn = false;
  #endedAt = Number.NEGATIVE_INFINITY;

  start(): void {
    this.#isOn = true;
  }

  /** @param at monotonic time, ms */
  end(at = performance.now()): void {
    this.#isOn = false;
    this.#endedAt = at;
  }

  /** Whether a key press is the input method's. `keyCode` 229 is what browsers give to such presses (UI Events). */
  owns(
    { isComposing, keyCode }: Pick<KeyboardEvent, "isComposing" | "keyCode">,
    at = performance.now(),
  ): boolean {
    return this.#isOn || isComposing || keyCode === 229 || at - this.#endedAt <= AFTER_MS;
  }
}
