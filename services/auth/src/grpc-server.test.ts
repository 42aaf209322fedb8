import { create, createFileRegistry, type DescMethod, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Client, credentials, loadPackageDefinition, type ServiceError, status } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { AuthServiceService } from "@parley/proto/auth/v1/auth";
import { protoPath as healthProto } from "grpc-health-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AuthFixture, startAuthFixture } from "./auth-fixture.ts";

const AUTH = "parley.auth.v1.AuthService";
const HEALTH = "grpc.health.v1.Health";

let auth: AuthFixture;
let raw: Client;
beforeAll(async () => {
  auth = await startAuthFixture();
  raw = new Client(`127.0.0.1:${auth.grpcPort}`, credentials.createInsecure());
});
afterAll(async () => {
  raw?.close();
  await auth?.close();
});

// biome-ignore lint/suspicious/noExplicitAny: clients that are made from a proto at run time have no types
type Untyped = any;
const clientOf = (proto: string, pick: (root: Untyped) => Untyped): Untyped =>
  new (pick(loadPackageDefinition(loadSync(proto, { enums: String }))))(
    `127.0.0.1:${auth.grpcPort}`,
    credentials.createInsecure(),
  );

/** Sends bytes to a method. Resolves with the status of the answer. */
const send = (path: string, bytes: Uint8Array) =>
  new Promise<status>((resolve) => {
    const asIs = (value: Buffer) => value;
    const options = { deadline: Date.now() + 5_000 };
    raw.makeUnaryRequest(path, asIs, asIs, Buffer.from(bytes), options, (error) =>
      resolve(error?.code ?? status.OK),
    );
  });

const askHealth = (service: string) =>
  new Promise<string>((resolve, reject) => {
    const client = clientOf(healthProto, (root) => root.grpc.health.v1.Health);
    client.check({ service }, (error: ServiceError | null, answer: { status: string }) => {
      client.close();
      if (error) reject(error);
      else resolve(answer.status);
    });
  });

it("answers grpc.health.v1 for the server and for the service", async () => {
  expect(await askHealth("")).toBe("SERVING");
  expect(await askHealth(AUTH)).toBe("SERVING");
  await expect(askHealth("nobody")).rejects.toMatchObject({ code: status.NOT_FOUND });
});

describe.each(["v1", "v1alpha"])("reflection %s", (version) => {
  const proto = import.meta.resolve("@grpc/reflection").replace(/src\/.*$/, "proto/grpc/reflection/");
  /** One question of a reflection client; rejects if the server answers with an error. */
  const ask = (question: object) =>
    new Promise<Untyped>((resolve, reject) => {
      const path = new URL(`${version}/reflection.proto`, proto).pathname;
      const client = clientOf(path, (root) => root.grpc.reflection[version].ServerReflection);
      const stream = client.ServerReflectionInfo();
      stream.on("error", reject);
      stream.on("data", (answer: Untyped) => {
        if (answer.errorResponse) reject(new Error(answer.errorResponse.errorMessage));
        else resolve(answer);
        stream.end();
        client.close();
      });
      stream.write(question);
    });
  const listServices = async (): Promise<string[]> =>
    (await ask({ listServices: "*" })).listServicesResponse.service.map(({ name }: { name: string }) => name);
  const files = async (question: object): Promise<FileDescriptorProto[]> =>
    (await ask(question)).fileDescriptorResponse.fileDescriptorProto.map((bytes: Buffer) =>
      fromBinary(FileDescriptorProtoSchema, bytes),
    );

  /** The methods of a service, from the file with its symbol and every file that it depends on. */
  async function describeService(service: string): Promise<DescMethod[]> {
    const found = new Map<string, FileDescriptorProto>();
    const queue = await files({ fileContainingSymbol: service });
    const [root] = queue as [FileDescriptorProto];
    for (const file of queue) found.set(file.name, file);
    for (const { dependency } of queue)
      for (const filename of dependency)
        if (!found.has(filename))
          for (const file of await files({ fileByFilename: filename })) {
            found.set(file.name, file);
            queue.push(file);
          }
    const registry = createFileRegistry(root, (filename) => found.get(filename));
    return registry.getService(service)?.methods ?? expect.fail(`${service} is not described`);
  }

  it("lists the services", async () => {
    expect((await listServices()).sort()).toEqual([HEALTH, AUTH]);
  });

  it("describes every method of auth with all types that it depends on", async () => {
    const methods = await describeService(AUTH);
    const paths = methods.map(({ parent, name }) => `/${parent.typeName}/${name}`);
    expect(paths.sort()).toEqual(
      Object.values(AuthServiceService)
        .map(({ path }) => path)
        .sort(),
    );
    for (const { input, output } of methods)
      for (const { typeName } of [input, output]) expect(typeName).toMatch(/^parley\.auth\.v1\.\w+$/);
    const verify = methods.find(({ name }) => name === "VerifyToken");
    const expiry = verify?.output.fields.find(({ name }) => name === "expires_at");
    expect(expiry?.message?.typeName).toBe("google.protobuf.Timestamp");
  });

  it("is enough to call every unary method", async () => {
    for (const service of await listServices())
      for (const { parent, name, input, methodKind } of await describeService(service)) {
        if (methodKind !== "unary") continue;
        const code = await send(`/${parent.typeName}/${name}`, toBinary(input, create(input)));
        expect([status.OK, status.INVALID_ARGUMENT, status.UNAUTHENTICATED], name).toContain(code);
      }
  });
});

it("answers bytes that are no message, and messages that are too large, with a status", async () => {
  const verify = `/${AUTH}/VerifyToken`;
  // grpc-js answers INTERNAL for a request that it cannot decode.
  expect(await send(verify, Buffer.from([0x0a, 0xff]))).toBe(status.INTERNAL);
  expect(await send(verify, Buffer.alloc(500_000))).toBe(status.RESOURCE_EXHAUSTED);
  expect(await send(verify, Buffer.alloc(0))).toBe(status.UNAUTHENTICATED);
});
