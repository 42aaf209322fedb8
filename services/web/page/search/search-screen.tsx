import type { Message } from "@parley/client";
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Failure } from "../parts/failure.tsx";
import { titleOf } from "../parts/room-names.ts";
import { Screen } from "../parts/screen.tsx";
import { summaryOf } from "../state/inbox.ts";
import { roomPath, route } from "../state/route.ts";
import { screens } from "../text/en-screens.ts";
import { Result } from "./result.tsx";
import { moveAmongResults, searchPath } from "./result-keys.ts";
import { useFound } from "./use-found.ts";

const words = screens.search;

function Scope({
  room,
  isHere,
  onChange,
}: {
  room: string;
  isHere: boolean;
  onChange: (isHere: boolean) => void;
}) {
  const summary = summaryOf(room);
  const names = [words.everywhere, summary ? titleOf(summary) : room];
  return (
    <fieldset class="segments">
      <legend class="visually-hidden">{words.scope}</legend>
      {names.map((name, i) => (
        <label key={name}>
          <input
            type="radio"
            name="scope"
            class="visually-hidden"
            checked={isHere === (i === 1)}
            onChange={() => onChange(i === 1)}
          />
          <span>{name}</span>
        </label>
      ))}
    </fieldset>
  );
}

function Tips() {
  return (
    <div class="tips">
      <p class="hint">{words.hint}</p>
      <dl>
        {words.tips.map(([example, meaning]) => (
          <div key={example}>
            <dt>
              <code>{example}</code>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function Results(props: { messages: readonly Message[]; q: string; isMore: boolean }) {
  const { messages, q, isMore } = props;
  return (
    <>
      <p class="hint" role="status">
        {messages.length === 0 ? "" : words.found(messages.length, isMore)}
      </p>
      <ul class="results" onKeyDown={moveAmongResults}>
        {messages.map((message) => (
          <Result key={`${message.room}/${message.seq}`} message={message} q={q} />
        ))}
      </ul>
    </>
  );
}

/** Finds messages, in all rooms or in the one that it was opened from. */
export function SearchScreen() {
  const { value: shown } = route;
  const { q, room } = shown.name === "search" ? shown : { q: "" };
  const home = useRef(room);
  const field = useRef<HTMLInputElement>(null);
  const query = useSignal(q);
  const found = useFound(query.value, room);
  useEffect(() => field.current?.focus(), []);
  useEffect(() => searchPath(query.value, room), [query.value, room]);
  const { messages, isMore, isBusy, failure } = found;
  const isEmpty = query.value.trim() === "";
  return (
    <Screen title={words.title} {...(home.current && { back: roomPath(home.current) })}>
      <search>
        <input
          ref={field}
          class="input is-large"
          type="search"
          enterkeyhint="search"
          maxLength={200}
          aria-label={words.label}
          placeholder={words.placeholder}
          value={query.value}
          onInput={({ currentTarget }) => {
            query.value = currentTarget.value;
          }}
          onKeyDown={moveAmongResults}
        />
        {home.current && (
          <Scope
            room={home.current}
            isHere={room !== undefined}
            onChange={(isHere) => searchPath(query.value, isHere ? home.current : undefined)}
          />
        )}
      </search>
      <Failure text={failure} />
      {isEmpty && <Tips />}
      {messages && messages.length > 0 && <Results messages={messages} q={query.value} isMore={isMore} />}
      {messages?.length === 0 && !isEmpty && (
        <div class="blank" role="status">
          <p>{words.none(query.value.trim())}</p>
          <p>{words.noneHint}</p>
          {room !== undefined && (
            <button type="button" class="button" onClick={() => searchPath(query.value, undefined)}>
              {words.noneHere}
            </button>
          )}
        </div>
      )}
      {isBusy && !messages && !isEmpty && (
        <p class="hint is-late" role="status">
          {words.searching}
        </p>
      )}
      {isMore && (
        <button type="button" class="button is-wide" aria-busy={isBusy} onClick={found.more}>
          {screens.more}
        </button>
      )}
    </Screen>
  );
}
