import envSchema from "env-schema";
import type { Static, TObject } from "typebox";

/** The environment does not match the schema. The message names variables and rules, never values. */
export class ConfigError extends Error {
  readonly code = "CONFIG_INVALID";
  override readonly name = "ConfigError";
}

/**
 * Reads a typed configuration from environment variables: converts numbers and booleans, fills in defaults and ignores
 * variables that the schema does not have. An empty variable counts as unset, so that `NAME=` in an env file means the
 * default.
 *
 * @throws {ConfigError} if a variable is missing or breaks its rule.
 * @example readConfig(Type.Object({ PORT: Type.Integer({ default: 8080 }) }), process.env).PORT
 */
export function readConfig<T extends TObject>(schema: T, env: NodeJS.ProcessEnv): Static<T> {
  const data = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ""),
  );
  try {
    // A copy, because env-schema changes the schema.
    return envSchema<Static<T>>({ schema: structuredClone({ ...schema }), data, env: false });
  } catch (error) {
    throw new ConfigError(`configuration: ${error instanceof Error ? error.message : String(error)}`);
  }
}
