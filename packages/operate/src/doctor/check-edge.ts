import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { get } from "node:https";
import type { TLSSocket } from "node:tls";
import { withoutPassword } from "@parley/devstack/database";
import { type Environment, variable } from "@parley/devstack/environment";
import { ANSWER_MS, type Finding, mend, note, ok } from "./finding.ts";

const DAY_MS = 86_400_000;
const CERTIFICATE_DAYS_MIN = 14;
/** Where the edge has the services (deploy/edge/Caddyfile). */
const PATHS = ["/auth", "/send", "/listen"];

/** The origin that people use: API_URL, else that of the edge. */
function originOf(env: Environment): string | undefined {
  const [host, port] = [variable(env, "EDGE_HOST"), variable(env, "EDGE_PORT")];
  const edge = host && `https://${host}${port ? `:${port}` : ""}`;
  return variable(env, "API_URL") ?? edge;
}

/**
 * Checks the origin that people use: TLS, how long its certificate is valid, and whether each service answers there.
 */
export async function checkEdge(env: Environment): Promise<Finding[]> {
  const origin = originOf(env);
  if (origin === undefined) {
    if (env.NODE_ENV !== "production") return [];
    return [
      note("neither EDGE_HOST nor API_URL is set: whether people reach the services by TLS was not checked"),
    ];
  }
  if (!URL.canParse(origin))
    return [mend("EDGE_HOST, EDGE_PORT and API_URL name no address: write EDGE_HOST=chat.example")];
  const shown = withoutPassword(origin).replace(/\/$/, "");
  if (new URL(origin).protocol !== "https:")
    return [mend(`${shown} has no TLS, so tokens travel readable: put an edge in front`)];
  const answers = await Promise.all(
    PATHS.map((path) => ask(`${origin.replace(/\/$/, "")}${path}/health/ready`).catch(reasonOfSilence)),
  );
  const first = answers.find((answer) => typeof answer !== "string");
  if (first === undefined)
    return [mend(`${shown} does not answer (${answers[0]}), and people use it: see the edge`)];
  const faults = answers.flatMap((answer, i) => {
    if (typeof answer === "string")
      return [mend(`${shown}${PATHS[i]} does not answer (${answer}): see the edge and that service`)];
    if (answer.status === 200) return [];
    return [
      mend(`${shown}${PATHS[i]} answers ${answer.status} for /health/ready: see the edge and that service`),
    ];
  });
  return [checkCertificate(shown, first), ...faults];
}

const reasonOfSilence = ({ code, name }: { code?: string; name?: string }): string =>
  name === "AbortError" ? `in ${ANSWER_MS / 1_000} s` : (code ?? "no answer");

type Answer = Readonly<{ status: number; fault: string | undefined; validTo: number }>;

/** Asks without trusting: what is wrong with the certificate is told apart from what does not answer. */
async function ask(url: string): Promise<Answer> {
  const signal = AbortSignal.timeout(ANSWER_MS);
  const request = get(url, { rejectUnauthorized: false, agent: false, signal });
  const [response] = (await once(request, "response", { signal })) as [IncomingMessage];
  const socket = response.socket as TLSSocket;
  const certificate = socket.getPeerCertificate();
  const answer = {
    status: response.statusCode ?? 0,
    fault: socket.authorizationError && String(socket.authorizationError),
    validTo: Date.parse(certificate.valid_to),
  };
  response.destroy();
  return answer;
}

function checkCertificate(shown: string, { fault, validTo }: Answer): Finding {
  const days = Math.floor((validTo - Date.now()) / DAY_MS);
  // Caddy gives localhost one of an authority of its own, for hours.
  if (new URL(shown).hostname === "localhost")
    return ok(`${shown} answers, with a certificate for this machine`);
  if (fault) return mend(`the certificate of ${shown} is not trusted (${fault}): renew or install it`);
  if (days < CERTIFICATE_DAYS_MIN) return mend(`the certificate of ${shown} ends in ${days} days: renew it`);
  return ok(`the certificate of ${shown} is valid for ${days} days`);
}
