import { ParleyError } from "@parley/client";
import { invitationsOf } from "@parley/client/invitations";
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { sentenceOf } from "../parts/errors.ts";
import { Notice } from "../parts/notice.tsx";
import { Screen } from "../parts/screen.tsx";
import { takeRoom } from "../state/inbox.ts";
import { parley } from "../state/parley.ts";
import { go, roomPath, route } from "../state/route.ts";
import { isNewcomer } from "../state/session.ts";
import { useTask } from "../state/task.ts";
import { text } from "../text/en.ts";
import { screens } from "../text/en-screens.ts";

const words = screens.link;

/** Takes the link to a room that the address is. Whoever has just registered by it is not asked again. */
export function LinkScreen() {
  const { value: shown } = route;
  const isOver = useSignal(false);
  const task = useTask();
  const code = shown.name === "invite" ? shown.code : "";
  const tell = (error: unknown): string => {
    isOver.value =
      error instanceof ParleyError && (error.code === "invite_invalid" || error.code === "bad_frame");
    return sentenceOf(error);
  };
  const join = () =>
    void task.run(async () => {
      const room = await invitationsOf(parley).take(code);
      takeRoom(room);
      go(roomPath(room.id), { replace: true });
    }, tell);
  useEffect(() => {
    if (isNewcomer.peek()) join();
  }, []);
  if (isOver.value)
    return (
      <Screen title={words.title}>
        <Notice title={words.invalid} body={words.invalidBody}>
          <a class="button is-main" href="/">
            {text.lost.home}
          </a>
        </Notice>
      </Screen>
    );
  return (
    <Screen title={words.title}>
      <Notice
        title={task.failure === "" ? words.lead : words.failed}
        body={task.failure === "" ? words.body : task.failure}
      >
        <button type="button" class="button is-main" aria-busy={task.isBusy} onClick={join}>
          {task.isBusy ? words.busy : task.failure === "" ? words.join : text.tryAgain}
        </button>
      </Notice>
    </Screen>
  );
}
