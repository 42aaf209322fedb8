import type { KeyObject } from "node:crypto";
import { importPublicKey, TOKEN_ALGORITHM } from "@parley/identity/access-token";
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

/** Interval at which the keys are read from Postgres, ms: a rotation, also after a leak, reaches every instance within it. */
const RELOAD_MS = 1_000;
/** Shortest interval of reads because of an unknown key id, ms. */
const UNKNOWN_KEY_RELOAD_MS = 1_000;
/** How long a key stays published after its successor began to sign: the lifetime of a token plus a margin. */
const PUBLISHED_AFTER = "interval '17 minutes'";

/** A public key in its published form. */
type PublicKey = Readonly<
  Record<"kty" | "crv" | "x" | "kid", string> & { alg: typeof TOKEN_ALGORITHM; use: "sig" }
>;
/** The public keys as a JSON Web Key Set (RFC 7517). */
export type PublicKeys = Readonly<{ keys: PublicKey[] }>;

type KeyRow = { kid: string; privateJwk: JWK; signs: boolean };
type Keys = Readonly<{
  signer: { kid: string; key: CryptoKey };
  verifiers: ReadonlyMap<string, KeyObject>;
  jwks: PublicKeys;
}>;

/** The keys of access tokens; every instance of auth has the same. */
export interface SigningKeys {
  /** The key that signs now. */
  signer(): { kid: string; key: CryptoKey };
  /**
   * The public key with this id; undefined if there is none. An unknown id makes it read the keys from Postgres, at
   * most once per second.
   *
   * @throws {AuthError} `unavailable` if Postgres does not answer.
   */
  verifier(kid: string): KeyObject | undefined | Promise<KeyObject | undefined>;
  jwks(): PublicKeys;
  close(): void;
}

/** Generates an Ed25519 key. Its id is its RFC 7638 thumbprint. */
export async function generateKey(): Promise<{ kid: string; privateJwk: JWK }> {
  const { privateKey } = await generateKeyPair(TOKEN_ALGORITHM, { crv: "Ed25519", extractable: true });
  const privateJwk = await exportJWK(privateKey);
  return { kid: await calculateJwkThumbprint(privateJwk), privateJwk };
}

/** The published keys, oldest first; `signs` is false for a key that was published ahead of its use. */
const readRows = (database: Database): Promise<KeyRow[]> =>
  database.query<KeyRow>(
    `select kid, private_jwk as "privateJwk", signs_from <= now() as signs
     from (select *, lead(signs_from) over (order by generation) as next_from from auth.signing_keys) k
     where next_from is null or next_from > now() - ${PUBLISHED_AFTER} order by generation`,
  );

function toPublicKey({ kid, privateJwk: { kty, crv, x } }: KeyRow): PublicKey {
  if (kty !== "OKP" || crv !== "Ed25519" || x === undefined)
    throw new Error(`key ${kid} is not an Ed25519 key`);
  return { kty, crv, x, kid, alg: TOKEN_ALGORITHM, use: "sig" };
}

async function importRows(rows: readonly KeyRow[]): Promise<Keys> {
  const newest = rows.findLast((row) => row.signs) ?? rows[0];
  if (!newest) throw new Error("there is no signing key");
  const published = rows.map(toPublicKey);
  return {
    signer: { kid: newest.kid, key: (await importJWK(newest.privateJwk, TOKEN_ALGORITHM)) as CryptoKey },
    verifiers: new Map(published.map((jwk) => [jwk.kid, importPublicKey(jwk)])),
    jwks: { keys: published },
  };
}

/**
 * Reads the keys and creates the first one if there is none. If several processes start at once, one of their
 * statements inserts it and all use it.
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
      if (next.signer.kid !== keys.signer.kid)
        log.info({ kid: next.signer.kid }, "signing with another key from now on");
      keys = next;
    })().finally(() => {
      loading = undefined;
    });
    return loading;
  };
  const timer = setInterval(
    () => reload().catch((err) => log.warn({ err }, "signing keys could not be reloaded")),
    RELOAD_MS,
  ).unref();
  return {
    signer: () => keys.signer,
    verifier(kid) {
      const known = keys.verifiers.get(kid);
      if (known || performance.now() - loadedAt < UNKNOWN_KEY_RELOAD_MS) return known;
      return reload().then(() => keys.verifiers.get(kid));
    },
    jwks: () => keys.jwks,
    close: () => clearInterval(timer),
  };
}
