import envSchema from "env-schema";
import type { Static, TObject } from "typebox";

/** The environment does not fit the schema. The message names each variable and the rule it breaks, never a value. */
export class ConfigError extends Error {
  readonly code = "CONFIG_INVALID";
  override readonly name = "ConfigError";
}

/**
 * Reads a typed configuration from environment variables: text becomes numbers and booleans, defaults are
 * filled in, variables that the schema does not know are left out. An empty variable counts as unset, so that
 * `NAME=` in an env file means the default.
 *
 * @throws {ConfigError} if a variable is missing or breaks its rule.
 */
export function readConfig<T extends TObject>(schema: T, env: NodeJS.ProcessEnv): Static<T> {
  const data = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ""),
  );
  try {
    // A copy, because env-schema writes into the schema that it is given.
    return envSchema<Static<T>>({ schema: structuredClone({ ...schema }), data, env: false });
  } catch (error) {
    throw new ConfigError(`configuration: ${error instanceof Error ? error.message : String(error)}`);
  }
}
