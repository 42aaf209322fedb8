import { createHmac, randomBytes } from "node:crypto";

/** As tinode.conf of the release has it. */
const POOL_SIZE = 50;
const SQL_TIMEOUT_S = 10;
const MESSAGE_BYTES_MAX = 262_144;
const TOKEN_SECONDS = 1_209_600;
const SUBSCRIBERS_MAX = 5_000;

type TinodeConfig = Readonly<{
  /** The text of tinode.conf; it holds secrets. */
  text: string;
  /** What clients show to be let in to the API at all. */
  apiKey: string;
}>;

/**
 * A configuration for one server without a cluster: the release's tinode.conf with secrets of its own, no e-mail, no
 * push, no gRPC, no uploads, no statistics, and larger rooms than 128.
 *
 * The size of the pool is in the address, because v0.22.13 reads `max_open_conns` only after the pool was made: with
 * what its tinode.conf says there would be 4 connections and not 50.
 */
export function configOf(port: number, database: URL): TinodeConfig {
  const salt = randomBytes(32);
  const dsn = new URL(database);
  dsn.search = `sslmode=disable&connect_timeout=${SQL_TIMEOUT_S}&pool_max_conns=${POOL_SIZE}`;
  const config = {
    listen: `127.0.0.1:${port}`,
    api_path: "/",
    grpc_listen: "",
    expvar: "-",
    server_status: "-",
    api_key_salt: salt.toString("base64"),
    max_message_size: MESSAGE_BYTES_MAX,
    max_subscriber_count: SUBSCRIBERS_MAX,
    auth_config: {
      anonymous: {},
      token: { expire_in: TOKEN_SECONDS, serial_num: 1, key: randomBytes(32).toString("base64") },
    },
    store_config: {
      uid_key: randomBytes(16).toString("base64"),
      max_results: 1_024,
      use_adapter: "postgres",
      adapters: { postgres: { dsn: dsn.href, sql_timeout: SQL_TIMEOUT_S } },
    },
    push: [],
  };
  return { text: JSON.stringify(config, undefined, 2), apiKey: makeApiKey(salt) };
}

/** As Tinode's keygen makes it: version 1, nobody's application, the first key, no root; signed. */
function makeApiKey(salt: Buffer): string {
  const body = Buffer.from([1, 0, 0, 0, 0, 0, 1, 0]);
  const signature = createHmac("md5", salt).update(body).digest();
  return Buffer.concat([body, signature]).toString("base64url");
}
