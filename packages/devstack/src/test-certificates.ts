import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Files (PEM) of one certificate. */
export type Certificate = Readonly<{ cert: string; key: string }>;

const KEY = ["-newkey", "ed25519", "-nodes"];
const DAYS = ["-days", "2"];

/** Makes an authority's certificate in a folder, with the machine's openssl. For tests. */
export function makeAuthority(folder: string, name: string): Certificate {
  const { cert, key } = filesOf(folder, name);
  openssl("req", "-x509", ...KEY, ...DAYS, "-subj", `/CN=${name}`, "-keyout", key, "-out", cert);
  return { cert, key };
}

/** Makes a certificate for `localhost`, of a server as well as of a client, signed by the authority. For tests. */
export async function makeCertificate(
  folder: string,
  name: string,
  authority: Certificate,
): Promise<Certificate> {
  const { cert, key } = filesOf(folder, name);
  const [request, names] = [join(folder, `${name}.csr`), join(folder, `${name}.names`)];
  await writeFile(names, "subjectAltName=DNS:localhost,IP:127.0.0.1");
  openssl("req", ...KEY, "-subj", `/CN=${name}`, "-keyout", key, "-out", request);
  const signer = ["-CA", authority.cert, "-CAkey", authority.key, "-CAcreateserial"];
  openssl("x509", "-req", ...DAYS, ...signer, "-in", request, "-extfile", names, "-out", cert);
  return { cert, key };
}

function filesOf(folder: string, name: string): Certificate {
  return { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
}

function openssl(...args: string[]): void {
  execFileSync("openssl", args, { stdio: "pipe" });
}
