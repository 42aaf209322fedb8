import { useSignal } from "@preact/signals";
import { sentenceOf } from "../parts/errors.ts";

/** Something that the user asked for, one at a time. */
export type Task = Readonly<{
  isBusy: boolean;
  /** Why it failed, for people; empty if it did not. */
  failure: string;
  /** Does the work, unless something is still being done. Resolves to whether it was done. */
  run: (work: () => Promise<unknown>, tell?: (error: unknown) => string) => Promise<boolean>;
}>;

/** What a form or a button does, and how it went. */
export function useTask(): Task {
  const isBusy = useSignal(false);
  const failure = useSignal("");
  return {
    isBusy: isBusy.value,
    failure: failure.value,
    async run(work, tell = sentenceOf) {
      if (isBusy.peek()) return false;
      isBusy.value = true;
      failure.value = "";
      try {
        await work();
        return true;
      } catch (error) {
        failure.value = tell(error);
        return false;
      } finally {
        isBusy.value = false;
      }
    },
  };
}
