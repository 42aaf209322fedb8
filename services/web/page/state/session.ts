import { ParleyError, type Profile } from "@parley/client";
import { signal } from "@preact/signals";
import { keepOnDevice, onDevice } from "./device.ts";
import { keep, kept, parley, stopKeeping } from "./parley.ts";
import { go, route } from "./route.ts";

/** `starting`: it is not known yet whether anybody is signed in. */
type Phase = "starting" | "out" | "in";

/** The room that everybody is in from the first sign-in on. */
const FIRST_ROOM = "general";

export const phase = signal<Phase>("starting");
const WAS_IN = "was-in";
/** Whether somebody was signed in when the page was last open: a newcomer need not wait until the server has said so. */
export const wasIn = onDevice(WAS_IN) !== undefined;
/** Who is signed in, or was when the page was last open. */
export const me = signal<Profile | null>(null);
/** The user is signing out: the page is about to be loaded anew. */
let isLeaving = false;
/** Somebody is signing in at the door. */
let isArriving = false;
/** Whose things the page and the browser keep; undefined until that is known. */
let owner: string | undefined;
/** The user has just made the account. The browser's history has it in its state while the page is loaded anew. */
export const isNewcomer = signal(history.state === true);
/** Tells the other tabs that the user has signed out in this one. */
const tabs = new BroadcastChannel("parley-page");
/** The session has ended without the user's doing. */
export const wasEnded = signal(false);

function welcome(user: Profile): void {
  if (isLeaving) return;
  owner ??= user.id;
  if (owner !== user.id) {
    // Somebody else has signed in in another tab.
    if (!isArriving) void startOverFor(user);
    return;
  }
  const known = me.value?.id === user.id ? me.value : undefined;
  me.value = { ...known, ...user };
  wasEnded.value = false;
  phase.value = "in";
  keep("me", me.value);
  keepOnDevice(WAS_IN, "1");
}

/** Finds out who is signed in, and follows it. What was kept is shown meanwhile, also without a network. */
export function startSession(): void {
  if (isNewcomer.value) history.replaceState(null, "");
  parley.session.user.subscribe((user) => {
    if (user) welcome(user);
  });
  parley.status.subscribe(({ state }) => {
    if (state !== "signed_out") return;
    if (isLeaving) return;
    wasEnded.value = phase.value === "in";
    phase.value = "out";
  });
  // Maybe late, if this tab was frozen: then what is kept is of the next user.
  tabs.onmessage = () => void startOver((user) => !user || user === owner, "/");
  parley.connect();
  void kept<Profile>("me").then((user) => {
    if (!user) return;
    owner ??= user.id;
    const now = parley.session.user.value;
    // What is kept may have been written over in part.
    if (now && now.id !== user.id && !isArriving) return void startOver(() => true);
    if (phase.value !== "starting") return;
    me.value = user;
    phase.value = "in";
  });
}

/** The user has another display name. */
export function takeProfile(user: Profile): void {
  me.value = { ...me.value, ...user };
  keep("me", me.value);
}

type Credentials = { username: string; password: string; displayName?: string; invite?: string };

/** Opens a session, after making the account if it `isNew`. @throws {ParleyError} why it was refused. */
export async function signIn({ isNew, ...account }: Credentials & { isNew: boolean }): Promise<void> {
  const { username, password } = account;
  isArriving = true;
  try {
    owner ??= (await kept<Profile>("me"))?.id;
    if (isNew) await parley.session.register(account);
    isNewcomer.value = isNew;
    await parley.session.signIn({ username, password });
    if (isNew) await joinFirstRoom();
  } finally {
    isArriving = false;
  }
  if (isNew && route.value.name === "home")
    go(account.invite ? `/invite/${account.invite}` : `/r/${FIRST_ROOM}`, { replace: true });
  const user = parley.session.user.value;
  if (!user || user.id === owner) return;
  if (isNew) history.replaceState(true, "");
  await startOverFor(user);
}

/** Loads the page anew, at `path` if there is one, and forgets what is kept if `isLost` says so of the user whose it is. */
async function startOver(isLost: (user: string | undefined) => boolean, path?: string): Promise<void> {
  isLeaving = true;
  await stopKeeping(isLost);
  if (path) location.replace(path);
  else location.reload();
}

/** What this page knows, and maybe what is kept, is of somebody else: another tab may have begun to keep what is of the new user. */
const startOverFor = ({ id }: Profile): Promise<void> => startOver((user) => user !== id);

/** Joins the room for all, which is made by whoever is the first. Tries again while the server is busy or not reached. */
async function joinFirstRoom(tries = 9): Promise<void> {
  const { rooms } = parley;
  try {
    await rooms.get(FIRST_ROOM).join();
  } catch (error) {
    if (!(error instanceof ParleyError) || tries === 0) return;
    if (error.code === "room_not_found")
      await rooms.create({ kind: "channel", name: FIRST_ROOM }).catch(() => undefined);
    else if (!error.isRetryable) return;
    await new Promise((resolve) => setTimeout(resolve, error.retryAfterMs ?? 100));
    await joinFirstRoom(tries - 1);
  }
}

/** Does what ends the session, and leaves to the door in all tabs. @throws {ParleyError} why it was refused; then nothing has ended. */
export async function leaveAfter(end: () => Promise<unknown>): Promise<void> {
  isLeaving = true;
  try {
    await end();
  } catch (error) {
    isLeaving = parley.status.value.state === "signed_out";
    if (!isLeaving) throw error;
  }
  keepOnDevice(WAS_IN, undefined);
  tabs.postMessage("left");
  await startOver(() => true, "/");
}

/** Ends the session here and on the server. @throws {ParleyError} `network` if it was not reached; then nothing has ended. */
export const signOut = (): Promise<void> => leaveAfter(() => parley.session.signOut());
