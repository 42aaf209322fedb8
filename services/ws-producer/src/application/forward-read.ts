import type { ReadMark } from "@parley/protocol/reads";

/**
 * Moves a member's read cursor; gives where it is now.
 *
 * @throws {import("@parley/protocol/codes").Refusal} if it cannot be moved, or not now.
 */
export type MarkRead = (mark: ReadMark) => Promise<number>;
