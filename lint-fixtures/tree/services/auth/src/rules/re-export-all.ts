// expect: lint/performance/noReExportAll, lint/performance/noBarrelFile
export * from "./evolving-type.ts";
