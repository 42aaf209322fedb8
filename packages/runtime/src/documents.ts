import type { FastifyDynamicSwaggerOptions } from "@fastify/swagger";

/** Who publishes the documents; the operator of an installation is not known here. */
const CONTACT = { name: "The operator of this service" };
const PROBLEM = { $ref: "#/components/schemas/Problem" };
const JSON_TYPE = "application/json";
const PROBLEM_TYPE = "application/problem+json";
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  "4XX": "a problem of the request; `code` names it",
  "5XX": "a problem of the service; `code` names it",
};

type Json = { [key: string]: unknown };
type Content = Record<string, { schema?: Json }>;
type Response = { description?: string; content?: Content };
type Body = { required?: boolean; content?: Content };
type Operation = Json & {
  summary?: string;
  tags?: string[];
  parameters?: { schema?: Json }[];
  requestBody?: Body;
  responses?: Record<string, Response>;
};
type Document = Json & { paths?: Record<string, Record<string, Operation>> };

/** Options of @fastify/swagger for the OpenAPI 3.1 document of a service that is reached below `publicPrefix`. */
export function documentOptions(
  title: string,
  description: string,
  publicPrefix: string,
): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: "3.1.0",
      info: {
        title,
        description,
        version: "1.0.0",
        license: { name: "MIT", identifier: "MIT" },
        contact: CONTACT,
      },
      servers: [{ url: publicPrefix || "/" }],
      components: { securitySchemes: { bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" } } },
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, i) => (json.$id as string | undefined) ?? `schema-${i}`,
    },
    transformObject: (document) =>
      ("openapiObject" in document ? completeDocument(document.openapiObject as Document) : {}) as never,
  };
}

/**
 * Adds to each operation what all have in common, so that no route has to say it: its id, its security, the problems that
 * any request may have, and to the document its tags.
 */
export function completeDocument(document: Document): Document {
  const tags = new Set<string>();
  const paths = mapValues(document.paths ?? {}, (operations, path) =>
    mapValues(operations, (operation, method) => {
      for (const tag of operation.tags ?? []) tags.add(tag);
      return completeOperation(operation, method, path);
    }),
  );
  return {
    ...document,
    tags: [...tags].sort().map((name) => ({ name, description: `Routes: ${name}` })),
    paths,
  };
}

function completeOperation(operation: Operation, method: string, path: string): Operation {
  const { summary = `${method} ${path}`, parameters, requestBody, responses = {} } = operation;
  const problems = { "4XX": {}, "5XX": {} };
  return {
    operationId: operationIdOf(method, path),
    description: `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
    security: [],
    ...operation,
    summary,
    ...(parameters && { parameters: parameters.map(completeParameter) }),
    ...(requestBody && { requestBody: completeBody(requestBody) }),
    responses: mapValues({ ...problems, ...responses }, completeResponse),
  };
}

/** @example operationIdOf("get", "/api/v1/rooms/{room}/messages") === "getRoomsByRoomMessages" */
function operationIdOf(method: string, path: string): string {
  const words = path
    .replace(/^\/api\/v\d+/, "")
    .replaceAll("{", "by-")
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== "");
  return method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}

/** A text with bounds of a number is a whole number in digits: Fastify is set not to coerce types. */
function completeParameter<P extends { schema?: Json }>(parameter: P): P {
  const { schema } = parameter;
  if (schema?.type !== "string" || schema.maximum === undefined) return parameter;
  const { pattern: _pattern, ...rest } = schema;
  return { ...parameter, schema: { ...rest, type: "integer" } };
}

/** A body that may be null may be absent: an empty one is read as null. */
function completeBody(body: Body): Body {
  const kinds = body.content?.[JSON_TYPE]?.schema?.anyOf as Json[] | undefined;
  return kinds?.some(({ type }) => type === "null") ? { ...body, required: false } : body;
}

function completeResponse(response: Response, status: string): Response {
  const { description = "", content } = response;
  const text = {
    description: description === "Default Response" ? describe(status) : description || describe(status),
  };
  if (!/^[45]/.test(status)) return { ...response, ...text };
  const schema = content?.[PROBLEM_TYPE]?.schema ?? content?.[JSON_TYPE]?.schema ?? PROBLEM;
  const type = schema.$ref === PROBLEM.$ref ? PROBLEM_TYPE : JSON_TYPE;
  return { ...response, ...text, content: { [type]: { schema } } };
}

const describe = (status: string) => DESCRIPTIONS[`${status.charAt(0)}XX`] ?? "success";

const mapValues = <V, W>(object: Record<string, V>, map: (value: V, key: string) => W): Record<string, W> =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value, key)]));
