import { fileURLToPath } from "node:url";
import { Client, credentials, loadPackageDefinition, type ServiceError, status } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { protoPath as healthProto } from "grpc-health-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type AuthFixture, startAuthFixture } from "./auth-fixture.ts";

let auth: AuthFixture;
beforeAll(async () => {
  auth = await startAuthFixture();
});
afterAll(async () => await auth?.close());

// biome-ignore lint/suspicious/noExplicitAny: clients that are made from a proto at run time have no types
type Untyped = any;
const clientOf = (proto: string, pick: (root: Untyped) => Untyped): Untyped =>
  new (pick(loadPackageDefinition(loadSync(proto, { enums: String }))))(
    `127.0.0.1:${auth.grpcPort}`,
    credentials.createInsecure(),
  );

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
  expect(await askHealth("parley.auth.v1.AuthService")).toBe("SERVING");
  await expect(askHealth("nobody")).rejects.toMatchObject({ code: status.NOT_FOUND });
});

it("lists its services to a reflection client, as grpcurl asks", async () => {
  const proto = fileURLToPath(
    new URL(
      "build/proto/grpc/reflection/v1/reflection.proto",
      `${import.meta.resolve("@grpc/reflection").replace(/build\/.*$/, "")}`,
    ),
  );
  const client = clientOf(proto, (root) => root.grpc.reflection.v1.ServerReflection);
  const stream = client.ServerReflectionInfo();
  const names = await new Promise<string[]>((resolve, reject) => {
    stream.on("error", reject);
    stream.on("data", ({ listServicesResponse }: Untyped) =>
      resolve(listServicesResponse.service.map(({ name }: { name: string }) => name)),
    );
    stream.write({ listServices: "" });
  });
  stream.end();
  client.close();
  expect(names).toEqual(expect.arrayContaining(["parley.auth.v1.AuthService", "grpc.health.v1.Health"]));
});

it("answers bytes that are no message, and messages that are too large, with a status", async () => {
  const raw = new Client(`127.0.0.1:${auth.grpcPort}`, credentials.createInsecure());
  const send = (bytes: Buffer) =>
    new Promise<ServiceError | null>((resolve) => {
      raw.makeUnaryRequest(
        "/parley.auth.v1.AuthService/VerifyToken",
        (value: Buffer) => value,
        (value: Buffer) => value,
        bytes,
        { deadline: Date.now() + 5_000 },
        (error) => resolve(error),
      );
    });
  // grpc-js answers INTERNAL for a request that it cannot decode.
  expect((await send(Buffer.from([0x0a, 0xff])))?.code).toBe(status.INTERNAL);
  expect((await send(Buffer.alloc(100_000)))?.code).toBe(status.RESOURCE_EXHAUSTED);
  expect((await send(Buffer.alloc(0)))?.code).toBe(status.UNAUTHENTICATED);
  raw.close();
});
