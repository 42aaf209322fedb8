import { createHmac } from "node:crypto";

const TOKEN_SECONDS = 3_600;
/** Time for the application to store a message. The default of 1 s would count a disk that stalls as lost messages. */
const PROXY_TIMEOUT = "10s";

type CentrifugoOptions = Readonly<{ port: number; publishUrl: string; secret: string }>;

/**
 * Centrifugo 5's configuration, as its documentation has it for a chat: a namespace of its own, tokens, history of 300
 * messages and 10 minutes in memory with recovery for all. What is not said is the default: commands of one client one
 * after the other (so that they keep their order), no limit of connections, messages of at most 64 kB.
 */
export const configOf = ({ port, publishUrl, secret }: CentrifugoOptions): string =>
  JSON.stringify({
    address: "127.0.0.1",
    port: String(port),
    token_hmac_secret_key: secret,
    proxy_publish_endpoint: publishUrl,
    proxy_publish_timeout: PROXY_TIMEOUT,
    namespaces: [
      {
        name: "room",
        allow_subscribe_for_client: true,
        proxy_publish: true,
        history_size: 300,
        history_ttl: "600s",
        force_recovery: true,
      },
    ],
    // It would report to its makers.
    usage_stats_disable: true,
  });

/** A token for a user, good for an hour (JWT, HS256). */
export function signToken(user: string, secret: string): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const exp = Math.floor(Date.now() / 1_000) + TOKEN_SECONDS;
  const content = `${encode({ alg: "HS256", typ: "JWT" })}.${encode({ sub: user, exp })}`;
  return `${content}.${createHmac("sha256", secret).update(content).digest("base64url")}`;
}
