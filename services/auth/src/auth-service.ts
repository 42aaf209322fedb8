import type { handleUnaryCall, ServerUnaryCall } from "@grpc/grpc-js";
import type { AuthServiceServer } from "@parley/proto/auth/v1/auth";
import type { Log } from "@parley/runtime/log";
import { AuthError, toServiceError } from "./auth-error.ts";
import type { GrpcCallers } from "./grpc-callers.ts";
import { demandRight } from "./rights.ts";
import type { UseCases } from "./use-cases.ts";
import type { Caller } from "./verify-token.ts";

/** The host of a gRPC peer such as `127.0.0.1:4711` or `[::1]:4711`. */
function hostOf(peer: string): string {
  return peer.replace(/^(ipv[46]:)/, "").replace(/:\d+$/, "");
}

/** What is left out of the answer for a token that is not valid. */
const NOBODY = { user: undefined, sessionId: "", expiresAt: undefined, serviceToken: undefined };

const answerOf = ({ user, sessionId, expiresAt, scopes }: Caller) => ({
  user,
  sessionId,
  expiresAt,
  serviceToken: scopes && { scopes: [...scopes] },
});

function unary<Request, Response>(
  log: Log,
  answer: (request: Request, call: ServerUnaryCall<Request, Response>) => Promise<Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    answer(call.request, call).then(
      (response) => callback(null, response),
      (err: unknown) => {
        if (!(err instanceof AuthError)) log.error({ err, call: call.getPath() }, "gRPC call failed");
        callback(toServiceError(err));
      },
    );
  };
}

/** Implements the methods of `parley.auth.v1.AuthService` with the use cases. */
export function createAuthService(
  cases: UseCases,
  isService: GrpcCallers["isService"],
  log: Log,
): AuthServiceServer {
  /** The address that limits count: `client_address` if a service sent it, else the caller's own. */
  const addressOf = (call: ServerUnaryCall<{ clientAddress: string }, unknown>): string =>
    (isService(call.metadata) && call.request.clientAddress) || hostOf(call.getPeer());
  /** Whose access token it is. @throws {AuthError} `forbidden` for a service token. */
  const personOf = async (token: string): Promise<Caller> => {
    const caller = await cases.verifyToken(token);
    demandRight(caller);
    return caller;
  };
  return {
    register: unary(log, async (request, call) => ({
      user: await cases.register({ ...request, invite: request.invite ?? "", address: addressOf(call) }),
    })),
    login: unary(log, async (request, call) => await cases.login({ ...request, address: addressOf(call) })),
    refresh: unary(log, async ({ refreshToken }) => await cases.refresh(refreshToken)),
    logout: unary(log, async (request) => {
      await cases.logout(request);
      return {};
    }),
    verifyToken: unary(log, async ({ token }) => answerOf(await cases.verifyToken(token))),
    verifyTokens: unary(log, async ({ tokens }) => ({
      tokens: (await cases.verifyTokens(tokens)).map((caller) =>
        caller instanceof AuthError ? { ...NOBODY, code: caller.code } : { ...answerOf(caller), code: "" },
      ),
    })),
    updateProfile: unary(log, async ({ token, displayName }) => ({
      user: await cases.updateProfile(await personOf(token), displayName),
    })),
    changePassword: unary(log, async (request, call) => {
      const caller = await personOf(request.token);
      const revokedSessions = await cases.changePassword(caller, { ...request, address: addressOf(call) });
      return { revokedSessions };
    }),
    listSessions: unary(log, async ({ token }) => ({
      sessions: await cases.listSessions(await personOf(token)),
    })),
    revokeSession: unary(log, async ({ token, sessionId }) => {
      await cases.revokeSession(await personOf(token), sessionId);
      return {};
    }),
    listRevocations: unary(log, async ({ since }) => {
      const { revocations, ...rest } = await cases.listRevocations(since);
      return { ...rest, revocations: revocations.map((each) => ({ ...each, at: new Date(each.at) })) };
    }),
    getUsers: unary(log, async ({ ids }) => {
      const users = await cases.getUsers(ids);
      return { users, deletedIds: users.filter(({ isDeleted }) => isDeleted).map(({ id }) => id) };
    }),
    getJwks: unary(log, async () => ({ jwksJson: JSON.stringify(cases.getJwks()) })),
  };
}
