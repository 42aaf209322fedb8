import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type AuthFixture, refusalOf, startAuthFixture } from "./auth-fixture.ts";

/** The expected state of a session; `refresh` has its refresh tokens in order of issue. */
type Session = { user: number; isOpen: boolean; access: string; refresh: string[] };
type User = { name: string; password: string; passwords: number };
type Model = { users: User[]; sessions: Session[] };

let auth: AuthFixture;
let round = 0;
beforeAll(async () => {
  auth = await startAuthFixture({ RATE_LIMITS: "off" });
});
afterAll(async () => await auth?.close());

/** Picks an element by a number from the generator. */
const pick = <T>(from: readonly T[], n: number): T => from[n % from.length] as T;
const passwordOf = ({ name }: User, n: number) => `password ${n} of ${name}`;

abstract class Step implements fc.AsyncCommand<Model, null> {
  readonly n: number;
  constructor(n: number) {
    this.n = n;
  }
  check(model: Readonly<Model>): boolean {
    return model.sessions.length > 0;
  }
  abstract run(model: Model): Promise<void>;
  toString(): string {
    return `${this.constructor.name}(${this.n})`;
  }
  session(model: Model): Session {
    return pick(model.sessions, this.n);
  }
}

class Register extends Step {
  override check = (model: Readonly<Model>) => model.users.length < 3;
  async run(model: Model) {
    const name = `life-${round}-${model.users.length}`;
    const user = { name, passwords: 0, password: "" };
    user.password = passwordOf(user, 0);
    await auth.calls.enroll(name, user.password);
    model.users.push(user);
  }
}

class Login extends Step {
  override check = (model: Readonly<Model>) => model.users.length > 0;
  async run(model: Model) {
    const user = this.n % model.users.length;
    const { name, password } = pick(model.users, user);
    const { token, refreshToken } = await auth.calls.enter(name, password);
    model.sessions.push({ user, isOpen: true, access: token, refresh: [refreshToken] });
  }
}

class LoginWithOldPassword extends Step {
  override check = (model: Readonly<Model>) => model.users.some(({ passwords }) => passwords > 0);
  async run(model: Model) {
    const user = pick(
      model.users.filter(({ passwords }) => passwords > 0),
      this.n,
    );
    const old = passwordOf(user, this.n % user.passwords);
    expect(await refusalOf(auth.calls.enter(user.name, old))).toMatchObject({ code: "unauthenticated" });
  }
}

class Refresh extends Step {
  async run(model: Model) {
    const session = this.session(model);
    const exchange = auth.calls.refresh({ refreshToken: session.refresh.at(-1) as string });
    if (!session.isOpen) {
      expect(await refusalOf(exchange)).toMatchObject({ code: "session_revoked" });
      return;
    }
    const { token, refreshToken } = await exchange;
    expect(session.refresh).not.toContain(refreshToken);
    session.refresh.push(refreshToken);
    session.access = token;
  }
}

/** A response was lost: the last but one token is sent again at once, and gets the newest token again. */
class RepeatRefresh extends Step {
  override check = (model: Readonly<Model>) => model.sessions.some(({ refresh }) => refresh.length > 1);
  async run(model: Model) {
    const session = pick(
      model.sessions.filter(({ refresh }) => refresh.length > 1),
      this.n,
    );
    const exchange = auth.calls.refresh({ refreshToken: session.refresh.at(-2) as string });
    if (!session.isOpen) expect(await refusalOf(exchange)).toMatchObject({ code: "session_revoked" });
    else expect((await exchange).refreshToken).toBe(session.refresh.at(-1));
  }
}

/** A thief: a token is sent again after its successor was used. */
class ReplayRefresh extends Step {
  override check = (model: Readonly<Model>) => model.sessions.some(({ refresh }) => refresh.length > 2);
  async run(model: Model) {
    const session = pick(
      model.sessions.filter(({ refresh }) => refresh.length > 2),
      this.n,
    );
    const refreshToken = pick(session.refresh.slice(0, -2), this.n);
    expect(await refusalOf(auth.calls.refresh({ refreshToken }))).toMatchObject({ code: "session_revoked" });
    session.isOpen = false;
  }
}

class Logout extends Step {
  async run(model: Model) {
    const session = this.session(model);
    const byRefresh = this.n % 2 === 0;
    await auth.calls.logout({
      token: byRefresh ? "" : session.access,
      refreshToken: byRefresh ? pick(session.refresh, this.n) : "",
    });
    session.isOpen = false;
  }
}

class Revoke extends Step {
  override check = (model: Readonly<Model>) => model.sessions.some(({ isOpen }) => isOpen);
  async run(model: Model) {
    const actor = pick(
      model.sessions.filter(({ isOpen }) => isOpen),
      this.n,
    );
    const { sessions } = await auth.calls.listSessions({ token: actor.access });
    const open = model.sessions.filter(({ user, isOpen }) => user === actor.user && isOpen);
    expect(sessions).toHaveLength(open.length);
    const { id } = pick(sessions, this.n);
    await auth.calls.revokeSession({ token: actor.access, sessionId: id });
    for (const session of open) {
      const { sid } = JSON.parse(Buffer.from(session.access.split(".")[1] ?? "", "base64url").toString());
      if (sid === id) session.isOpen = false;
    }
  }
}

class ChangePassword extends Step {
  async run(model: Model) {
    const actor = this.session(model);
    const user = pick(model.users, actor.user);
    const newPassword = passwordOf(user, user.passwords + 1);
    const change = auth.calls.changePassword({
      token: actor.access,
      oldPassword: user.password,
      newPassword,
      clientAddress: "",
    });
    if (!actor.isOpen) {
      expect(await refusalOf(change)).toMatchObject({ code: "session_revoked" });
      return;
    }
    const others = model.sessions.filter((s) => s !== actor && s.user === actor.user && s.isOpen);
    expect(await change).toEqual({ revokedSessions: others.length });
    for (const other of others) other.isOpen = false;
    user.password = newPassword;
    user.passwords += 1;
  }
}

class Verify extends Step {
  async run(model: Model) {
    for (const session of model.sessions) {
      const verified = auth.calls.verifyToken({ token: session.access });
      if (!session.isOpen) expect(await refusalOf(verified)).toMatchObject({ code: "session_revoked" });
      else expect((await verified).user?.username).toBe(pick(model.users, session.user).name);
    }
  }
}

const steps = [
  Register,
  Login,
  Login,
  LoginWithOldPassword,
  Refresh,
  Refresh,
  Refresh,
  RepeatRefresh,
  ReplayRefresh,
  ReplayRefresh,
  Logout,
  Revoke,
  ChangePassword,
  Verify,
].map((Kind) => fc.nat(1_000).map((n) => new Kind(n)));

it("agrees with the model of a session's life for random commands", async () => {
  await fc.assert(
    fc.asyncProperty(fc.commands(steps, { size: "+1", maxCommands: 60 }), async (commands) => {
      round += 1;
      const model: Model = { users: [], sessions: [] };
      await fc.asyncModelRun(() => ({ model, real: null }), commands);
      await new Verify(0).run(model);
    }),
    { numRuns: 40, interruptAfterTimeLimit: 15_000 },
  );
});
