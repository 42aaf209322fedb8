import type { Parley } from "@parley/client";
import { useLive, useRoom, useStatus } from "@parley/client/react";
import { type FormEvent, useState } from "react";

/** A room: who writes, what was said, what is on its way, and a field to say more. */
export function Room({ parley, id }: { parley: Parley; id: string }) {
  const { state } = useStatus(parley);
  const { room, timeline } = useRoom(parley, id);
  const typing = useLive(room.typing);
  const [text, setText] = useState("");
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim()) void room.send(text);
    setText("");
  };
  return (
    <section aria-label={id}>
      <output>{state}</output>
      <ol>
        {timeline.items.map((one) => (
          <li key={one.id}>{"seq" in one ? `${one.author.username}: ${one.body}` : `… ${one.body}`}</li>
        ))}
      </ol>
      <p>{typing.map(({ username }) => `${username} types`).join(", ")}</p>
      <form onSubmit={send}>
        <input
          value={text}
          onChange={({ target }) => {
            setText(target.value);
            room.keystroke();
          }}
        />
      </form>
    </section>
  );
}
