/** Within so many px of the end the list follows what is new. */
const END_PX = 100;

/** A row that was brought into sight stays where it is for so long while the rows around it get their height, ms. */
const HELD_MS = 500;
/** With these the reader scrolls. */
const GESTURES = ["wheel", "touchmove", "pointerdown", "keydown"] as const;

type Anchor = Readonly<{ row: HTMLElement; top: number }>;

/**
 * Keeps what the reader sees in place while rows come, go and change their height around it, or keeps the end in sight
 * while the reader is there. It does not rely on the browser's own scroll anchoring, which Safari lacks.
 */
export class Scroller {
  /** Whether the end of the list is the end of the room: the list may follow it. */
  hasEnd = true;
  /** Called when the reader scrolls; a press or a key may be anything. */
  onGesture = (): void => undefined;
  #box: HTMLElement | undefined;
  #list: HTMLElement | undefined;
  #anchor: Anchor | undefined;
  #isAtEnd = true;
  /** Whether the anchor is kept. */
  #isHeld = false;
  #holding: ReturnType<typeof setTimeout> | undefined;

  /** Whether the reader is at the end of the room. */
  get isAtEnd(): boolean {
    return this.hasEnd && this.#isAtEnd;
  }

  /** Begins. `onMove` is called when the reader has scrolled. */
  mount(box: HTMLElement, list: HTMLElement, onMove: () => void): () => void {
    this.#box = box;
    this.#list = list;
    const scrolled = () => {
      this.capture();
      onMove();
    };
    // Rows that come into view for the first time get their real height.
    const observer = new ResizeObserver(() => this.settle());
    observer.observe(list);
    observer.observe(box);
    const free = ({ type }: Event) => {
      this.#isHeld = false;
      if (type === "wheel" || type === "touchmove") this.onGesture();
    };
    for (const name of GESTURES) box.addEventListener(name, free, { passive: true });
    box.addEventListener("scroll", scrolled, { passive: true });
    return () => {
      observer.disconnect();
      for (const name of GESTURES) box.removeEventListener(name, free);
      box.removeEventListener("scroll", scrolled);
      this.#box = undefined;
    };
  }

  /** Remembers what the reader sees. Call it before the list changes. */
  capture(): void {
    const box = this.#box;
    if (!box || (this.#isHeld && this.#anchor?.row.isConnected)) return;
    this.#isAtEnd = this.toEndPx <= END_PX;
    const edge = box.getBoundingClientRect().top;
    const row = this.#rowAt(edge);
    this.#anchor = row && { row, top: row.getBoundingClientRect().top - edge };
  }

  /** Puts what the reader sees back to where it was. Call it after the list has changed. */
  settle(): void {
    const box = this.#box;
    if (!box) return;
    if (this.isAtEnd) {
      box.scrollTop = box.scrollHeight;
      return;
    }
    const { row, top } = this.#anchor ?? {};
    if (!row?.isConnected || top === undefined) return;
    const moved = row.getBoundingClientRect().top - box.getBoundingClientRect().top - top;
    if (Math.abs(moved) >= 0.5) box.scrollTop += moved;
  }

  /** Distance of what is seen from the end of the list, px. */
  get toEndPx(): number {
    const box = this.#box;
    return box ? box.scrollHeight - box.clientHeight - box.scrollTop : 0;
  }

  /** Distance of what is seen from the begin of the list, px. */
  get toTopPx(): number {
    return this.#box?.scrollTop ?? 0;
  }

  get heightPx(): number {
    return this.#box?.clientHeight ?? 0;
  }

  toEnd(): void {
    this.#isAtEnd = true;
    this.#isHeld = false;
    this.settle();
  }

  /** Brings a row into sight: in the middle, or near the top. */
  show(row: HTMLElement, place: "middle" | "top"): void {
    const box = this.#box;
    if (!box) return;
    const top = place === "top" ? 48 : Math.max(0, (box.clientHeight - row.offsetHeight) / 2);
    this.#anchor = { row, top };
    this.#isHeld = true;
    clearTimeout(this.#holding);
    this.#holding = setTimeout(() => {
      this.#isHeld = false;
      // The end may be in sight, though nothing was scrolled since.
      box.dispatchEvent(new Event("scroll"));
    }, HELD_MS);
    const moved = row.getBoundingClientRect().top - box.getBoundingClientRect().top - top;
    box.scrollTop += moved;
    this.#isAtEnd = place === "top" && this.toEndPx <= 1;
  }

  /** The last row of which the bottom is in sight. */
  get lastSeen(): HTMLElement | undefined {
    const box = this.#box;
    if (!box) return undefined;
    const edge = box.getBoundingClientRect().bottom + 1;
    const rows = this.#rows();
    for (let i = rows.length - 1; i >= 0; i -= 1)
      if ((rows[i] as HTMLElement).getBoundingClientRect().bottom <= edge) return rows[i];
    return undefined;
  }

  #rows(): HTMLElement[] {
    return Array.from(this.#list?.children ?? []) as HTMLElement[];
  }

  /** The first message whose bottom is below `edge`: by halving, as rows are in order. */
  #rowAt(edge: number): HTMLElement | undefined {
    const rows = this.#rows().filter((row) => row.dataset.key !== undefined);
    let [low, high] = [0, rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((rows[middle] as HTMLElement).getBoundingClientRect().bottom > edge) high = middle;
      else low = middle + 1;
    }
    return rows[low];
  }
}
