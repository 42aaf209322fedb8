import { isIP } from "node:net";
import { connect } from "node:tls";

/** Longest wait for a server's certificate, ms. */
const ANSWER_MS = 5_000;

/**
 * Returns when the certificate of an address ends, in ms since 1970, also if it has ended or nobody vouches for it;
 * Infinity if the address has no TLS.
 *
 * @throws {Error} if the server does not show one in time.
 */
export function certificateEnd(url: string): Promise<number> {
  const { protocol, hostname, port } = new URL(url);
  if (protocol !== "https:") return Promise.resolve(Infinity);
  const host = hostname.replace(/^\[|\]$/g, "");
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: Number(port || 443),
      ...(isIP(host) === 0 && { servername: host }),
      // It is looked at, not relied on: nothing is sent.
      rejectUnauthorized: false,
      timeout: ANSWER_MS,
    });
    socket.once("timeout", () => socket.destroy(new Error(`no certificate in ${ANSWER_MS} ms`)));
    socket.once("error", reject);
    socket.once("secureConnect", () => {
      resolve(Date.parse(socket.getPeerCertificate().valid_to));
      socket.destroy();
    });
  });
}
