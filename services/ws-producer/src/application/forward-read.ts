import type { ReadMark } from "@parley/protocol/reads";

/**
 * Asks a consumer to move a member's read cursor; resolves with the cursor's seq afterwards.
 *
 * @throws {import("@parley/protocol/codes").Refusal} if the cursor cannot be moved, or no consumer answers.
 */
export type ForwardRead = (mark: ReadMark) => Promise<number>;
