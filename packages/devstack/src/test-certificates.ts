import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Files (PEM) of one certificate. */
export type Certificate = Readonly<{ cert: string; key: string }>;

const DAYS = ["-days", "2"];

/** Makes an authority's certificate in a folder, with the machine's openssl. For tests. */
export function makeAuthority(folder: string, name: string): Certificate {
  return request(folder, name, "pem", "-x509", ...DAYS);
}

/** Makes a certificate for `localhost`, of a server as well as of a client, signed by the authority. For tests. */
export async function makeCertificate(
  folder: string,
  name: string,
  authority: Certificate,
): Promise<Certificate> {
  const { cert: csr, key } = request(folder, name, "csr");
  const [cert, names] = [join(folder, `${name}.pem`), join(folder, `${name}.names`)];
  await writeFile(names, "subjectAltName=DNS:localhost,IP:127.0.0.1");
  const signer = ["-CA", authority.cert, "-CAkey", authority.key, "-CAcreateserial"];
  openssl("x509", "-req", ...DAYS, ...signer, "-in", csr, "-extfile", names, "-out", cert);
  return { cert, key };
}

function request(folder: string, name: string, ending: string, ...args: string[]): Certificate {
  const [cert, key] = [join(folder, `${name}.${ending}`), join(folder, `${name}.key`)];
  const newKey = ["-newkey", "ed25519", "-nodes", "-keyout", key];
  openssl("req", ...args, ...newKey, "-subj", `/CN=${name}`, "-out", cert);
  return { cert, key };
}

function openssl(...args: string[]): void {
  execFileSync("openssl", args, { stdio: "pipe" });
}
