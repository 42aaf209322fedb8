import type { JsonWebKey } from "node:crypto";
import { algorithmOf, importPublicKey, type TokenAlgorithm } from "@parley/identity/access-token";
import type { Database } from "@parley/runtime/postgres";
import { generateKey } from "./signing-keys.ts";

/** How long a new key is published before it signs, seconds: services fetch the public keys within that time. */
const SIGNS_AFTER_S = 60;

const ADD = `
  insert into auth.signing_keys (generation, kid, private_jwk, signs_from)
  select coalesce(max(generation), 0) + 1, $1, $2::text::json, now() + make_interval(secs => ${SIGNS_AFTER_S})
  from auth.signing_keys having coalesce(max(signs_from), '-infinity') <= now()
  on conflict (generation) do nothing returning signs_from as "signsFrom"`;

const REPLACE = `
  with old as (delete from auth.signing_keys returning generation)
  insert into auth.signing_keys (generation, kid, private_jwk, signs_from)
  select coalesce(max(generation), 0) + 1, $1, $2::text::json, now() from old
  on conflict (generation) do nothing returning signs_from as "signsFrom"`;

const NEWEST = `
  select private_jwk as "privateJwk" from auth.signing_keys order by generation desc limit 1`;

/** How a rotation is to be made: with `now`, as after a leak; `algorithm`: another than that of the newest key. */
type Rotation = Readonly<{ now?: boolean; algorithm?: TokenAlgorithm | undefined }>;
type NewKey = Readonly<{ kid: string; algorithm: TokenAlgorithm; signsFrom: Date }>;

/**
 * Adds a key that is published now and signs in a minute; the key before it stays published until its tokens have
 * expired. With `now`, the new key signs at once and all others are deleted. One statement either way.
 *
 * Returns undefined if the newest key does not sign yet, or a concurrent rotation was first.
 *
 * @throws {Error} if there is no key yet: auth has never run with this database.
 */
export async function rotateKeys(
  database: Database,
  { now, algorithm }: Rotation,
): Promise<NewKey | undefined> {
  const [newest] = await database.query<{ privateJwk: JsonWebKey }>(NEWEST);
  if (!newest) throw new Error("there is no key to follow: auth makes the first one when it starts");
  const next = algorithm ?? algorithmOf(importPublicKey(newest.privateJwk));
  const { kid, privateJwk } = await generateKey(next);
  const [row] = await database.query<{ signsFrom: Date }>(now ? REPLACE : ADD, [
    kid,
    JSON.stringify(privateJwk),
  ]);
  return row && { kid, algorithm: next, signsFrom: row.signsFrom };
}
