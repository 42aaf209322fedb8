import { readFile } from "node:fs/promises";
import { ServerCredentials } from "@grpc/grpc-js";

/** Paths of PEM files for TLS. With `ca`, each client needs a certificate of that CA. */
export type TlsFiles = Readonly<{ cert: string; key: string; ca: string | undefined }>;

/**
 * Reads the credentials of the gRPC server; without files there is no TLS.
 *
 * @throws {Error} if a file cannot be read.
 */
export async function readServerCredentials(files: TlsFiles | undefined): Promise<ServerCredentials> {
  if (!files) return ServerCredentials.createInsecure();
  const [cert, key, ca] = await Promise.all([
    readFile(files.cert),
    readFile(files.key),
    files.ca === undefined ? null : readFile(files.ca),
  ]);
  return ServerCredentials.createSsl(ca, [{ cert_chain: cert, private_key: key }], ca !== null);
}
