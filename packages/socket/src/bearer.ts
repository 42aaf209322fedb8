import type { Identity, VerifyToken } from "@parley/identity/identity";
import { Refusal } from "@parley/protocol/codes";
import type { FastifyRequest } from "fastify";
import { tokenOf } from "./handshake.ts";
import { toProblem } from "./socket-route.ts";

const HEADER_ONLY = { allowQueryToken: false } as Parameters<typeof tokenOf>[1];

/**
 * Who makes an HTTP request, by its `Authorization: Bearer` header.
 *
 * @throws {import("@parley/runtime/problem").Problem} 401 without a valid token, 503 if that cannot be told now.
 */
export async function bearerOf(request: FastifyRequest, verifyToken: VerifyToken): Promise<Identity> {
  try {
    const token = tokenOf(request, HEADER_ONLY);
    if (token === undefined) throw new Refusal("unauthenticated", "send Authorization: Bearer <token>");
    return await verifyToken(token);
  } catch (error) {
    throw error instanceof Refusal ? toProblem(error) : error;
  }
}
