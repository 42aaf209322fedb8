import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { ReflectionService } from "@grpc/reflection";

type PackageDefinition = ConstructorParameters<typeof ReflectionService>[0];

/** The descriptor sets that buf builds from proto/ and from the proto of grpc.health.v1, with all their imports. */
const DESCRIPTOR_SETS = ["@parley/proto/auth.binpb", "@parley/proto/health.binpb"];

/**
 * Creates gRPC reflection (v1 and v1alpha) with the descriptors that buf built: those which proto-loader makes at run
 * time lack dependencies and qualified names, so that clients cannot resolve a type.
 *
 * @throws {Error} if the descriptors were not generated (`make install`).
 */
export function createReflection(): ReflectionService {
  const files = DESCRIPTOR_SETS.flatMap((name) => {
    const bytes = readFileSync(fileURLToPath(import.meta.resolve(name)));
    return fromBinary(FileDescriptorSetSchema, bytes).file;
  });
  const fileDescriptorProtos = files.map((file) => Buffer.from(toBinary(FileDescriptorProtoSchema, file)));
  // ReflectionService reads nothing else of a package definition.
  return new ReflectionService({ descriptors: { fileDescriptorProtos } } as unknown as PackageDefinition);
}
