import { createParley } from "@parley/client";
import { indexedDbStore } from "@parley/client/indexeddb";

/** Shows a room in `root` and sends what is typed. Messages that are not sent yet survive a reload. */
export function showRoom(root: HTMLElement, url: Parameters<typeof createParley>[0]["url"], id: string) {
  const parley = createParley({ url, store: indexedDbStore() });
  const room = parley.rooms.get(id);
  const state = root.appendChild(document.createElement("output"));
  const list = root.appendChild(document.createElement("ol"));
  const form = root.appendChild(document.createElement("form"));
  const input = form.appendChild(document.createElement("input"));

  parley.status.subscribe((status) => {
    state.textContent = status.state;
  });
  room.timeline.subscribe(({ items }) => {
    list.replaceChildren(
      ...items.map((one) => {
        const row = document.createElement("li");
        row.textContent = "seq" in one ? `${one.author.username}: ${one.body}` : `… ${one.body}`;
        return row;
      }),
    );
  });
  input.addEventListener("input", () => room.keystroke());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.value.trim()) void room.send(input.value);
    input.value = "";
  });
  return { parley, close: room.open() };
}
