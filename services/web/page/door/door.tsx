import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Mark } from "../parts/mark.tsx";
import { signIn, wasEnded } from "../state/session.ts";
import { text } from "../text/en.ts";
import { type DoorError, doorErrorOf } from "./door-error.ts";
import { DoorFields } from "./door-fields.tsx";
import { codeIn } from "./invite-code.ts";
import { codeOfAddress, loadRegistration, registration } from "./registration.ts";

const words = text.door;

function Brand() {
  return (
    <div class="door-brand">
      <Mark size={36} />
      <div>
        <p class="door-name">{text.name}</p>
        <p class="hint">{text.tagline}</p>
      </div>
    </div>
  );
}

/** Why the user is here. */
function Told({ isNew, isLinked }: { isNew: boolean; isLinked: boolean }) {
  const link = isNew ? words.linkNew : words.link;
  const told = wasEnded.value ? words.ended : isLinked ? link : "";
  if (told === "") return null;
  return (
    <p class="told" role="status">
      {told}
    </p>
  );
}

/** Leads from signing in to a new account and back; nobody makes one where registration is closed. */
function Other({ isNew, onClick }: { isNew: boolean; onClick: () => void }) {
  if (registration.value === "closed" && !isNew) return <p class="hint">{words.closed}</p>;
  return (
    <button type="button" class="link-button" onClick={onClick}>
      {isNew ? words.toSignIn : words.toRegister}
    </button>
  );
}

/** What the fields of the door hold, for `signIn`. */
function read(form: HTMLFormElement, isNew: boolean, linked: string | undefined) {
  const at = (name: string) => String(new FormData(form).get(name) ?? "");
  const displayName = at("displayName").trim();
  const invite = linked ?? codeIn(at("invite"));
  return {
    isNew,
    username: at("username").trim(),
    password: at("password"),
    ...(displayName !== "" && { displayName }),
    ...(invite && registration.value === "invite" && { invite }),
  };
}

/** Sign in, or make an account: open to all, to whoever has an invitation, or to nobody. */
export function Door() {
  const linked = codeOfAddress();
  const isNew = useSignal(linked !== undefined);
  const isBusy = useSignal(false);
  const error = useSignal<DoorError | undefined>(undefined);
  useEffect(() => {
    void loadRegistration().then(() => {
      if (registration.value === "closed") isNew.value = false;
    });
  }, []);
  const submit = async (form: HTMLFormElement) => {
    if (isBusy.value) return;
    isBusy.value = true;
    error.value = undefined;
    try {
      await signIn(read(form, isNew.value, linked));
    } catch (refusal) {
      error.value = doorErrorOf(refusal);
      isBusy.value = false;
      const { field = "username" } = error.value;
      form.querySelector<HTMLInputElement>(`[name=${field}]`)?.focus();
    }
  };
  const needsCode = isNew.value && registration.value === "invite" && linked === undefined;
  const { field, message } = error.value ?? {};
  // A code that is wrong has no field where it came with the address.
  const isGeneral = message !== undefined && (!field || (field === "invite" && !needsCode));
  return (
    <main class="door">
      <form
        class="door-card"
        onSubmit={(event) => {
          event.preventDefault();
          void submit(event.currentTarget);
        }}
      >
        <Brand />
        <h1>{isNew.value ? words.register : words.signIn}</h1>
        {!error.value && <Told isNew={isNew.value} isLinked={linked !== undefined} />}
        <DoorFields
          isNew={isNew.value}
          needsCode={needsCode}
          errorOf={(name) => (name === field ? message : undefined)}
        />
        {isGeneral && (
          <p class="failure" role="alert">
            {message}
          </p>
        )}
        <button type="submit" class="button is-main is-wide" aria-busy={isBusy.value}>
          {isBusy.value ? words.busy : isNew.value ? words.register : words.signIn}
        </button>
        <Other
          isNew={isNew.value}
          onClick={() => {
            isNew.value = !isNew.value;
            error.value = undefined;
          }}
        />
      </form>
    </main>
  );
}
