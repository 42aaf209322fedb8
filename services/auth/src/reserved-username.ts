/** Names that people would take for the operator, for everybody, or for nobody. */
const RESERVED = new Set(
  `admin administrator root superuser sysadmin system parley support security moderator operator postmaster webmaster
   hostmaster abuse noreply everyone everybody here all channel me null undefined anonymous unknown deleted`.split(
    /\s+/,
  ),
);
/** Deleted accounts are renamed to this and their id; an application's own users are named so. */
const GENERATED = /^(deleted-|app-[0-9a-f]{24}$)/i;
const PUNCTUATION = /[._-]/g;

/**
 * Why nobody may register a username, for people; undefined if it is free to be taken. Punctuation does not make another
 * name of a reserved one.
 *
 * @example reservedReason("Admin_") // "is reserved"
 */
export function reservedReason(username: string): string | undefined {
  const letters = username.replace(PUNCTUATION, "").toLowerCase();
  if (letters === "") return "has no letter or digit";
  return RESERVED.has(letters) || GENERATED.test(username) ? "is reserved" : undefined;
}
