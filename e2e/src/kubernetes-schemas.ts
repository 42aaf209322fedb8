import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { cacheDir } from "@parley/devstack/environment";
import { runCommand } from "@parley/devstack/run-command";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { parse } from "yaml";

/** Kubernetes' own schemas, of each version, in which no property is left out: a package of PyPI. */
const CORE = "kubernetes-validate==1.37.0";
const CORE_VERSION = "v1.37.0-local-strict";
const FETCH_MS = 120_000;

const PROMETHEUS_OPERATOR = "github.com/prometheus-operator/prometheus-operator@v0.85.0";
const PROMETHEUS_CRDS = "example/prometheus-operator-crd/monitoring.coreos.com_";
/** Go modules that have the schemas of others, by kind. Go's proxy has none of CloudNativePG. */
const CUSTOM: Readonly<Record<string, readonly [module: string, file: string]>> = {
  ScaledObject: ["github.com/kedacore/keda/v2@v2.21.0", "config/crd/bases/keda.sh_scaledobjects.yaml"],
  ServiceMonitor: [PROMETHEUS_OPERATOR, `${PROMETHEUS_CRDS}servicemonitors.yaml`],
  PrometheusRule: [PROMETHEUS_OPERATOR, `${PROMETHEUS_CRDS}prometheusrules.yaml`],
};

/** They are fetched, and something that fetches them is not here: Python or Go, or the network. */
export class SchemasMissing extends Error {
  override readonly name = "SchemasMissing";
}

export type Manifest = Readonly<{
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  // biome-ignore lint/suspicious/noExplicitAny: what is below it is judged by the schemas.
  spec?: any;
  data?: Record<string, string>;
}>;

type Schema = {
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: unknown;
} & Record<string, unknown>;

const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
let core: Promise<string> | undefined;
const validators = new Map<string, Promise<ValidateFunction | undefined>>();

/** What is wrong with a manifest, strictly; undefined if there is no schema of its kind. @throws {SchemasMissing} */
export async function faultsOf(manifest: Manifest): Promise<string[] | undefined> {
  const { apiVersion, kind } = manifest;
  const known = validators.get(`${apiVersion} ${kind}`) ?? validatorOf(apiVersion, kind);
  validators.set(`${apiVersion} ${kind}`, known);
  const validate = await known;
  if (validate === undefined) return undefined;
  validate(manifest);
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

async function validatorOf(apiVersion: string, kind: string): Promise<ValidateFunction | undefined> {
  const custom = CUSTOM[kind];
  if (custom !== undefined) {
    const [version] = (await customDefinition(...custom)).spec.versions;
    return ajv.compile(strict(version?.schema.openAPIV3Schema as Schema));
  }
  core ??= fetchCore();
  const [version, group] = apiVersion.split("/").reverse();
  const name = [kind, group?.split(".")[0], version].filter((part) => part !== undefined).join("-");
  const file = join(await core, `${name.toLowerCase()}.json`);
  return existsSync(file) ? ajv.compile(JSON.parse(readFileSync(file, "utf8"))) : undefined;
}

/** Fetches Kubernetes' schemas into the cache. Returns their folder. */
async function fetchCore(): Promise<string> {
  const cached = join(cacheDir(process.env), CORE.replace("==", "-"));
  if (!existsSync(cached)) {
    const folder = await mkdtemp(`${cached}-`);
    const pip = ["-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, CORE];
    const { code, stderr } = await runCommand("python3", pip, { timeoutMs: FETCH_MS });
    if (code !== 0) throw new SchemasMissing(`the schemas of Kubernetes cannot be had: ${stderr}`);
    // Another process may have been faster.
    await rename(folder, cached).catch(() => rm(folder, { recursive: true }));
  }
  const schemas = join(cached, "kubernetes_validate/kubernetes-json-schema", CORE_VERSION);
  ajv.addSchema(JSON.parse(readFileSync(join(schemas, "_definitions.json"), "utf8")));
  return schemas;
}

/** The definitions of the kinds of others, for an API server. @throws {SchemasMissing} */
export const customDefinitions = (): Promise<Definition[]> =>
  Promise.all(Object.values(CUSTOM).map((one) => customDefinition(...one)));

type Definition = { spec: { versions: { schema: { openAPIV3Schema: Schema } }[] } };

async function customDefinition(module: string, file: string): Promise<Definition> {
  const { code, stdout, stderr } = await runCommand("go", ["mod", "download", "-json", module], {
    timeoutMs: FETCH_MS,
    cwd: cacheDir(process.env),
    env: { ...process.env, GOFLAGS: "-modcacherw" },
  });
  if (code !== 0) throw new SchemasMissing(`${module} cannot be had: ${stderr}${stdout}`);
  return parse(readFileSync(join(JSON.parse(stdout).Dir, file), "utf8"));
}

/** The same schema without room for properties that it does not name, but those of every object. */
function strict(schema: Schema, isRoot = true): Schema {
  const { properties, items, additionalProperties, ...rest } = schema;
  // Go's way to ignore case.
  if (typeof rest.pattern === "string")
    rest.pattern = rest.pattern.replace(/\(\?i\)(.*?)(\$?)$/, "(?i:$1)$2");
  const isOpen = rest["x-kubernetes-preserve-unknown-fields"] === true || properties === undefined;
  const parts = Object.entries(properties ?? {}).map(([name, part]) => [
    name,
    isRoot && name === "metadata" ? {} : strict(part, false),
  ]);
  return {
    ...rest,
    ...(properties && { properties: Object.fromEntries(parts) }),
    ...(items && { items: strict(items, false) }),
    ...(additionalProperties !== undefined
      ? {
          additionalProperties:
            typeof additionalProperties === "object"
              ? strict(additionalProperties as Schema, false)
              : additionalProperties,
        }
      : !isOpen && { additionalProperties: false }),
  };
}
