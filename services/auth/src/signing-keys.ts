import { createPublicKey, type KeyObject } from "node:crypto";
import type { Log } from "@parley/runtime/log";
import type { Database } from "@parley/runtime/postgres";
import {
  type CryptoKey,
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
} from "jose";

/** The only algorithm that we sign with and accept (RFC 8037). */
export const ALGORITHM = "EdDSA";
/** How often the keys are read again, so that a rotation reaches every instance, ms. */
const RELOAD_EVERY_MS = 10_000;
/** At most so often are they read again because a token names a key that we do not know, ms. */
const RELOAD_PAUSE_MS = 1_000;
/** How long a key stays published after its successor began to sign: the life of a token and a margin. */
const PUBLISHED_AFTER = "interval '17 minutes'";

/** A public key as it is published. */
type PublicKey = Readonly<
  Record<"kty" | "crv" | "x" | "kid", string> & { alg: typeof ALGORITHM; use: "sig" }
>;
/** The public keys, RFC 7517. */
export type PublicKeys = Readonly<{ keys: PublicKey[] }>;

type KeyRow = { kid: string; privateJwk: JWK; signs: boolean };
type Keys = Readonly<{
  signer: { kid: string; key: CryptoKey };
  verifiers: ReadonlyMap<string, KeyObject>;
  jwks: PublicKeys;
}>;

/** The keys that tokens are signed with, the same for all instances of auth. */
export interface SigningKeys {
  /** The key that signs now. */
  signer(): { kid: string; key: CryptoKey };
  /** The public key of this name, or undefined if it is none of ours. */
  verifier(kid: string): KeyObject | undefined | Promise<KeyObject | undefined>;
  jwks(): PublicKeys;
  close(): void;
}

/** A new Ed25519 key as a row: its name is its RFC 7638 thumbprint. */
export async function generateKey(): Promise<{ kid: string; privateJwk: JWK }> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { crv: "Ed25519", extractable: true });
  const privateJwk = await exportJWK(privateKey);
  return { kid: await calculateJwkThumbprint(privateJwk), privateJwk };
}

/** The published keys, oldest first; `signs` tells which of them may sign already. */
const readRows = (database: Database): Promise<KeyRow[]> =>
  database.query<KeyRow>(
    `select kid, private_jwk as "privateJwk", signs_from <= now() as signs
     from (select *, lead(signs_from) over (order by generation) as next_from from auth.signing_keys) k
     where next_from is null or next_from > now() - ${PUBLISHED_AFTER} order by generation`,
  );

function toPublicKey({ kid, privateJwk: { kty, crv, x } }: KeyRow): PublicKey {
  if (kty !== "OKP" || crv !== "Ed25519" || x === undefined)
    throw new Error(`key ${kid} is not an Ed25519 key`);
  return { kty, crv, x, kid, alg: ALGORITHM, use: "sig" };
}

async function importRows(rows: readonly KeyRow[]): Promise<Keys> {
  const newest = rows.findLast((row) => row.signs) ?? rows[0];
  if (!newest) throw new Error("there is no signing key");
  const published = rows.map(toPublicKey);
  const verifiers = new Map(published.map((jwk) => [jwk.kid, createPublicKey({ key: jwk, format: "jwk" })]));
  return {
    signer: { kid: newest.kid, key: (await importJWK(newest.privateJwk, ALGORITHM)) as CryptoKey },
    verifiers,
    jwks: { keys: published },
  };
}

/**
 * Reads the keys, and makes the first one if there is none: of several processes that start at once, the statement
 * of exactly one adds it and all use it.
 */
export async function openSigningKeys(database: Database, log: Log): Promise<SigningKeys> {
  let rows = await readRows(database);
  if (rows.length === 0) {
    const { kid, privateJwk } = await generateKey();
    await database.query(
      `insert into auth.signing_keys (generation, kid, private_jwk) values (1, $1, $2::text::json)
       on conflict (generation) do nothing`,
      [kid, JSON.stringify(privateJwk)],
    );
    rows = await readRows(database);
  }
  let keys = await importRows(rows);
  let loadedAt = performance.now();
  let loading: Promise<void> | undefined;
  const reload = () => {
    loading ??= (async () => {
      loadedAt = performance.now();
      const next = await importRows(await readRows(database));
      if (next.signer.kid !== keys.signer.kid) log.info({ kid: next.signer.kid }, "another key signs now");
      keys = next;
    })().finally(() => {
      loading = undefined;
    });
    return loading;
  };
  const timer = setInterval(
    () => reload().catch((err) => log.warn({ err }, "the signing keys could not be read again")),
    RELOAD_EVERY_MS,
  ).unref();
  return {
    signer: () => keys.signer,
    verifier(kid) {
      const known = keys.verifiers.get(kid);
      if (known || performance.now() - loadedAt < RELOAD_PAUSE_MS) return known;
      return reload().then(() => keys.verifiers.get(kid));
    },
    jwks: () => keys.jwks,
    close: () => clearInterval(timer),
  };
}
