import type { Signal } from "@preact/signals";
import { useTask } from "../state/task.ts";
import { text } from "../text/en.ts";
import { Dialog } from "./dialog.tsx";
import { sentenceOf } from "./errors.ts";
import { Failure } from "./failure.tsx";

/** What is asked before something is done that is not undone easily. */
export type Question = Readonly<{
  title: string;
  body: string;
  /** What the button says that does it. */
  action: string;
  work: () => Promise<unknown>;
  /** What a refusal means here. */
  tell?: (error: unknown) => string;
}>;

/** Asks the question of now, if there is one. */
export function Confirm({ asked }: { asked: Signal<Question | undefined> }) {
  const { value: question } = asked;
  return question ? <Asked key={question.title} question={question} asked={asked} /> : null;
}

function Asked({ question, asked }: { question: Question; asked: Signal<Question | undefined> }) {
  const task = useTask();
  const close = () => {
    asked.value = undefined;
  };
  const act = async () => {
    if (await task.run(question.work, question.tell ?? sentenceOf)) close();
  };
  return (
    <Dialog title={question.title} onClose={close}>
      <p>{question.body}</p>
      <Failure text={task.failure} />
      <div class="dialog-buttons">
        <button type="button" class="button" onClick={close}>
          {text.cancel}
        </button>
        <button type="button" class="button is-danger" aria-busy={task.isBusy} onClick={() => void act()}>
          {question.action}
        </button>
      </div>
    </Dialog>
  );
}
