import type { GoProgram } from "./go-build.ts";

/** Where a program comes from if this machine has none that is new enough. */
type Source = Readonly<{
  versionMin: string;
  /** Arguments that make it print its version; default `--version`. */
  versionArgs?: readonly string[];
  /** Whether Debian's and Ubuntu's development suites have a package of its name; default true. */
  isPackaged?: boolean;
  /** What that package is called; default as the program. */
  package?: string;
  /** Its path in that package; default below `usr/bin`. */
  path?: string;
  /** What Go builds where there is no package. */
  go?: GoProgram;
  /** Where people get it. */
  home: string;
}>;
export type Program = Required<Omit<Source, "go">> & Readonly<{ go: GoProgram | undefined }>;

/** The programs that are neither npm packages nor expected on every machine. */
export const PROGRAMS = {
  // Older servers acknowledge and lose messages after a full disk, or drop `allow_atomic` silently.
  "nats-server": {
    versionMin: "2.15.1",
    path: "usr/sbin/nats-server",
    go: { module: "github.com/nats-io/nats-server/v2", version: "2.15.1", main: "." },
    home: "the releases of the nats-io/nats-server project on GitHub",
  },
  prometheus: { versionMin: "3.5.3", home: "prometheus.io/download" },
  // Debian's wants its templates under /usr.
  alertmanager: {
    versionMin: "0.27.0",
    isPackaged: false,
    go: {
      module: "github.com/prometheus/alertmanager",
      version: "0.28.1",
      main: "./cmd/alertmanager",
      set: "github.com/prometheus/common/version.Version=0.28.1",
    },
    home: "prometheus.io/download",
  },
  promtool: { versionMin: "3.5.3", home: "prometheus.io/download, in the archive of prometheus" },
  // Its second generation: settings in a file. A build from the module has no page of its own (deploy/observe/traces).
  jaeger: {
    versionMin: "2.13.0",
    versionArgs: ["version"],
    isPackaged: false,
    go: {
      module: "github.com/jaegertracing/jaeger",
      // The same release: this is how the module names it.
      version: "1.76.0",
      main: "./cmd/jaeger",
      set: "github.com/jaegertracing/jaeger/internal/version.latestVersion=v2.13.0",
    },
    home: "jaegertracing.io/download",
  },
  // Reads docker-compose.yml without an engine.
  "docker-compose": {
    versionMin: "2.40.0",
    versionArgs: ["version"],
    path: "usr/libexec/docker/cli-plugins/docker-compose",
    home: "the releases of the docker/compose project on GitHub",
  },
  caddy: { versionMin: "2.11.0", versionArgs: ["version"], home: "caddyserver.com/download" },
  // Renders deploy/k8s.
  kubectl: {
    versionMin: "1.30.0",
    versionArgs: ["version", "--client"],
    home: "kubernetes.io/docs/tasks/tools",
  },
  // Judges deploy/k8s: `make k8s-dry-run`.
  "kube-apiserver": {
    versionMin: "1.34.0",
    isPackaged: false,
    go: {
      module: "k8s.io/kubernetes",
      version: "1.37.2",
      main: "./cmd/kube-apiserver",
      set: "k8s.io/component-base/version.gitVersion=v1.37.2",
      siblingsVersion: "0.37.2",
    },
    home: "kubernetes.io/releases/download",
  },
  etcd: { versionMin: "3.5.0", package: "etcd-server", home: "etcd.io/docs" },
} as const satisfies Readonly<Record<string, Source>>;
export type ProgramName = keyof typeof PROGRAMS;

/** A program with its defaults filled in. */
export function programOf(name: ProgramName): Program {
  const source: Source = PROGRAMS[name];
  const usual = { versionArgs: ["--version"], isPackaged: true, package: name, path: `usr/bin/${name}` };
  return { ...usual, go: undefined, ...source };
}

/** The variable that names a copy of one's own: `NATS_SERVER_BIN` for nats-server. */
export const programVariable = (name: string): string => `${name.toUpperCase().replaceAll("-", "_")}_BIN`;
