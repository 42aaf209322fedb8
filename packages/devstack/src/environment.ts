import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { loadEnvFile } from "node:process";

/** Environment variables by name; an empty text counts as unset everywhere in the devstack. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment of this process, which child processes inherit. Elsewhere only entry files read it. */
export function ownEnvironment(): Environment {
  return process.env;
}

/** The folder of the whole repository. */
export const REPOSITORY = resolve(dirname(import.meta.filename), "../../..");

/** What Node takes from an env file; a value in quotes may have several lines. */
const ASSIGNMENT = /^[ \t]*(?:export[ \t]+)?[\w.-]+[ \t]*=[ \t]*(?:"[^"]*"|'[^']*'|`[^`]*`)?.*$/gm;

/**
 * Loads an env file into the environment, if there is one; variables that are set already win. Node ignores a line that
 * it does not understand.
 *
 * @throws {SettingError} BAD_ENV_FILE that names a line which is neither an assignment nor a comment.
 */
export function loadDotEnv(file = join(REPOSITORY, ".env")): void {
  if (!existsSync(file)) return;
  const rest = readFileSync(file, "utf8").replaceAll(ASSIGNMENT, (text) => text.replaceAll(/[^\n]/g, ""));
  const line = rest.split("\n").findIndex((one) => /^\s*[^\s#]/.test(one)) + 1;
  if (line > 0) {
    const text = `line ${line} of ${file} is no assignment: write NAME=value, or # in front of a comment`;
    throw new SettingError("BAD_ENV_FILE", text);
  }
  loadEnvFile(file);
}

/** A problem that the user at the terminal can solve; its message says how. */
export class DevstackError extends Error {
  override readonly name = "DevstackError";
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A setting that is refused: a command of `make` ends with exit code 2, as a service does. */
export class SettingError extends DevstackError {}

/** Called with one line of text about what is being done. */
export type Progress = (line: string) => void;
/** How long something is waited for before a line says so, and between two such lines, ms. */
export const PROGRESS_MS = 2_000;

/** Passes a line on unless it is the one before. */
export function whenItChanges(say: Progress): Progress {
  let last: string | undefined;
  return (line) => {
    if (line !== last) say(line);
    last = line;
  };
}

/** The variable's value, or undefined if it is unset or empty. */
export function variable(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === "" ? undefined : value;
}

/** Where downloads are kept: PARLEY_CACHE_DIR, else $XDG_CACHE_HOME/parley, else ~/.cache/parley. */
export function cacheDir(env: Environment): string {
  const own = variable(env, "PARLEY_CACHE_DIR");
  if (own !== undefined) return resolve(own);
  return join(variable(env, "XDG_CACHE_HOME") ?? join(homedir(), ".cache"), "parley");
}

/** An error's message, whatever was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
