import { databaseServers } from "@parley/devstack/database";
import { type Environment, variable } from "@parley/devstack/environment";
import { closeMsOf } from "@parley/devstack/stack-services";
import { type Finding, mend, note, ok } from "./finding.ts";

/** Passwords of examples, and of earlier versions. */
const EXAMPLES = new Set(["parley", "secret", "postgres", "password", "changeme"]);
const LOOPBACK = /^(localhost|127\..*|::1)$/;
/** Default of .env.example. */
const LOG_KEEP_HOURS = 26;

/**
 * Checks what the environment says.
 *
 * @param graceMs how long a container may take to end before it is killed; undefined for what are no containers
 */
export function checkSettings(env: Environment, graceMs: number | undefined): Finding[] {
  return [...checkPasswords(env), ...checkBackups(env), ...checkGrace(env, graceMs), ...checkOpenness(env)];
}

function checkPasswords(env: Environment): Finding[] {
  const named = Object.keys(env).filter((name) =>
    /^(NATS|POSTGRES)\w*_PASSWORD$|^AUTH_GRPC_TOKEN$/.test(name),
  );
  const weak = named.filter((name) => EXAMPLES.has(env[name] ?? ""));
  const url = variable(env, "DATABASE_URL");
  if (url !== undefined && databaseServers(url).some((server) => EXAMPLES.has(new URL(server).password)))
    weak.push("DATABASE_URL");
  if (weak.length === 0) return [ok("no password is that of an example")];
  return weak.map((name) => mend(`${name} has the password of an example: set one of your own`));
}

function checkBackups(env: Environment): Finding[] {
  const every = Number(variable(env, "BACKUP_EVERY_HOURS"));
  const keep = Number(variable(env, "LOG_KEEP_HOURS") ?? LOG_KEEP_HOURS);
  if (Number.isNaN(every))
    return [
      note(
        "BACKUP_EVERY_HOURS is not set: set it to the hours between two runs of make backup, so that it is compared",
      ),
    ];
  if (keep > every) return [ok(`the log keeps ${keep} h, and there is a back-up every ${every} h`)];
  return [
    mend(
      `the log keeps ${keep} h and there is a back-up every ${every} h, so a restore loses what is between: raise LOG_KEEP_HOURS`,
    ),
  ];
}

function checkGrace(env: Environment, graceMs: number | undefined): Finding[] {
  if (graceMs === undefined) return [];
  const neededMs = closeMsOf(env);
  if (graceMs >= neededMs)
    return [ok(`a service may take ${graceMs / 1_000} s to end, and its drain is shorter`)];
  return [
    mend(
      `a service is killed ${graceMs / 1_000} s after it is asked to end, and may need ${neededMs / 1_000}: lower DRAIN_MS or raise stop_grace_period`,
    ),
  ];
}

function checkOpenness(env: Environment): Finding[] {
  const isOpen = !LOOPBACK.test(variable(env, "HOST") ?? "127.0.0.1");
  const isProduction = env.NODE_ENV === "production";
  const findings: Finding[] = [];
  if (isOpen && !isProduction)
    findings.push(mend("HOST opens the services to the network in development: set NODE_ENV=production"));
  if (variable(env, "RATE_LIMITS") === "off")
    findings.push(mend("RATE_LIMITS is off: anybody can take all of the machine"));
  if (isProduction && variable(env, "ALLOW_QUERY_TOKEN") === "true")
    findings.push(mend("ALLOW_QUERY_TOKEN lets tokens into URLs, which proxies log: unset it"));
  return findings;
}
