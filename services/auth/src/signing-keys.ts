import type { JsonWebKey, KeyObject } from "node:crypto";
import { algorithmOf, importPublicKey, RSA_BITS, type TokenAlgorithm } from "@parley/identity/access-token";
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
import type { Static } from "typebox";
import type { Jwks } from "./http-schemas.ts";

/** Interval at which the keys are read from Postgres, ms: a rotation, also after a leak, reaches every instance within it. */
const RELOAD_MS = 1_000;
/** Shortest interval of reads because of an unknown key id, ms. */
const UNKNOWN_KEY_RELOAD_MS = 1_000;
/** How long a key stays published after its successor began to sign: the lifetime of a token plus a margin. */
const PUBLISHED_AFTER = "interval '17 minutes'";

/** Of the first key of an installation; the keys after it are of the same kind unless `make rotate-keys` is told another. */
const FIRST_ALGORITHM = "RS256" satisfies TokenAlgorithm;

/** The public keys as a JSON Web Key Set (RFC 7517). */
export type PublicKeys = Static<typeof Jwks>;
type PublicKey = PublicKeys["keys"][number];

type KeyRow = { kid: string; privateJwk: JWK; signs: boolean };
type Signer = Readonly<{ kid: string; key: CryptoKey; alg: TokenAlgorithm }>;
type ImportedKey = Signer & Readonly<{ verifier: KeyObject; published: PublicKey }>;
type Keys = Readonly<{
  signer: Signer;
  imported: ReadonlyMap<string, ImportedKey>;
  jwks: PublicKeys;
}>;

/** The keys of access tokens; every instance of auth has the same. */
export interface SigningKeys {
  /** The key that signs now. */
  signer(): Signer;
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

/** Generates a key for an algorithm. Its id is its RFC 7638 thumbprint. */
export async function generateKey(algorithm: TokenAlgorithm): Promise<{ kid: string; privateJwk: JWK }> {
  const { privateKey } = await generateKeyPair(algorithm, { modulusLength: RSA_BITS, extractable: true });
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

async function importRow({ kid, privateJwk }: KeyRow): Promise<ImportedKey> {
  const verifier = importPublicKey(privateJwk as JsonWebKey);
  const alg = algorithmOf(verifier);
  const published = { ...verifier.export({ format: "jwk" }), kid, alg, use: "sig" } as PublicKey;
  return { kid, alg, verifier, published, key: (await importJWK(privateJwk, alg)) as CryptoKey };
}

/** Imports the keys that are not among those `before`: a kid is the thumbprint of its key, which never changes. */
async function importRows(rows: readonly KeyRow[], before?: Keys): Promise<Keys> {
  const keys = await Promise.all(rows.map((row) => before?.imported.get(row.kid) ?? importRow(row)));
  const signer = keys.findLast((_key, i) => rows[i]?.signs) ?? keys[0];
  if (!signer) throw new Error("there is no signing key");
  return {
    signer,
    imported: new Map(keys.map((key) => [key.kid, key])),
    jwks: { keys: keys.map(({ published }) => published) },
  };
}

/**
 * Reads the keys and creates the first one if there is none. If several processes start at once, one of their
 * statements inserts it and all use it.
 */
export async function openSigningKeys(database: Database, log: Log): Promise<SigningKeys> {
  let rows = await readRows(database);
  if (rows.length === 0) {
    const { kid, privateJwk } = await generateKey(FIRST_ALGORITHM);
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
      const next = await importRows(await readRows(database), keys);
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
      const known = keys.imported.get(kid)?.verifier;
      if (known || performance.now() - loadedAt < UNKNOWN_KEY_RELOAD_MS) return known;
      return reload().then(() => keys.imported.get(kid)?.verifier);
    },
    jwks: () => keys.jwks,
    close: () => clearInterval(timer),
  };
}
