import { signal } from "@preact/signals";

const query = matchMedia("(width >= 1100px)");

/** Whether a room and what is told about it have a place beside each other. */
export const isWide = signal(query.matches);

query.addEventListener("change", () => {
  isWide.value = query.matches;
});
