import envSchema from "env-schema";
import type { Static, TObject } from "typebox";

/** The environment does not match the schema. The message names variables and rules, never the value of a secret. */
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
    throw new ConfigError(`configuration: ${explain(schema, error)}`);
  }
}

type SchemaFault = Readonly<{
  instancePath?: string;
  message?: string;
  params?: { missingProperty?: string };
}>;
type Choice = Readonly<{ anyOf?: readonly { const?: unknown }[] }>;

/** One clause for each variable that breaks its rule: its name, and the rule or the values that it may have. */
function explain(schema: TObject, error: unknown): string {
  const faults = (error as { errors?: readonly SchemaFault[] }).errors ?? [];
  const rules = new Map<string, string>();
  for (const { instancePath = "", message = "is not valid", params } of faults) {
    const name = instancePath.slice(1) || (params?.missingProperty ?? "");
    const choices = (schema.properties[name] as Choice | undefined)?.anyOf?.map((one) => one.const);
    rules.set(name, choices ? `must be one of ${choices.join(", ")}` : message);
  }
  if (rules.size === 0) return error instanceof Error ? error.message : String(error);
  return [...rules].map(([name, rule]) => `${name} ${rule}`).join("; ");
}
