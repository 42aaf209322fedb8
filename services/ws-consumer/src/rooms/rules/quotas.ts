/** How many rooms and members there may be; each is named as the variable that sets it. */
export type RoomQuotas = Readonly<{
  /** Rooms that one user may make within 24 hours. */
  ROOMS_MADE_PER_DAY: number;
  /** Channels and groups that one user may be a member of. */
  ROOMS_JOINED_MAX: number;
  GROUP_MEMBERS_MAX: number;
  /** Invitations of one user that were neither accepted nor declined. */
  INVITATIONS_PER_USER: number;
  /** Users whom one user may block. */
  BLOCKS_PER_USER: number;
}>;

const NONE = 2 ** 31 - 1;
/** Quotas while `RATE_LIMITS` is off: as many as an integer of Postgres can count. */
export const NO_QUOTAS: RoomQuotas = {
  ROOMS_MADE_PER_DAY: NONE,
  ROOMS_JOINED_MAX: NONE,
  GROUP_MEMBERS_MAX: NONE,
  INVITATIONS_PER_USER: NONE,
  BLOCKS_PER_USER: NONE,
};

const MEANING: Readonly<Record<keyof RoomQuotas, string>> = {
  ROOMS_MADE_PER_DAY: "rooms may be made by one user within 24 hours",
  ROOMS_JOINED_MAX: "channels and groups may have one user as a member",
  GROUP_MEMBERS_MAX: "members may be in a group",
  INVITATIONS_PER_USER: "invitations of one user may wait for an answer",
  BLOCKS_PER_USER: "users may be blocked by one user",
};

/** The sentence that tells which quota is used up. */
export const quotaText = (name: keyof RoomQuotas, quotas: RoomQuotas): string =>
  `${name} is ${quotas[name]}: so many ${MEANING[name]}`;
