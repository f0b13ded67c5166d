import { appendFile, chmod, chown, cp, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { asNobody, nobody } from "./as-nobody.ts";
import { startChild, type Child } from "./child.ts";
import { freePort } from "./free-port.ts";
import { until } from "./until.ts";

const sources = fileURLToPath(new URL("../../../nginx/", import.meta.url));

/** The files that `docker/web.Dockerfile` copies. */
const copied = ["conf", "content-policy.txt", "entrypoint.sh", "healthcheck.sh", "render.sh"];

/** Debian installs nginx outside the PATH of ordinary users. */
const path = `${process.env["PATH"] ?? ""}:/usr/sbin`;

/** The host name that nginx serves in tests. */
export const hostName = "chat.example.org";

/** nginx, started as the image starts it, with its own folder and ports. */
export interface ProxyProcess {
  /** Of HTTPS, plain HTTP and the health check. */
  ports: { https: number; http: number; internal: number };
  folder: string;
  /** The present process. */
  child: () => Child;
  /** The self-signed certificate of the first start. */
  certificate: string;
  accessLog: () => Promise<string>;
  /** Starts it again on the same ports after its process has ended. */
  startAgain: () => Promise<void>;
  /** Ends it and removes its folder. */
  stop: () => Promise<void>;
}

export interface ProxyOptions {
  /** Addresses of the servers. */
  backends: readonly string[];
  /** Puts the web client's files into a folder. */
  writePages: (folder: string) => Promise<void>;
  /** Paths that lead to the first server only: a development token works only at the server that issued it. */
  pathsOfFirst?: readonly string[];
  env?: Record<string, string>;
}

export function proxyEnvironment(folder: string, env: Record<string, string>): Record<string, string> {
  return {
    PATH: path,
    SERVER_NAME: hostName,
    RUN_FOLDER: join(folder, "own/run"),
    PAGES_FOLDER: join(folder, "pages"),
    ACME_FOLDER: join(folder, "acme"),
    CERTIFICATE_FOLDER: join(folder, "issued"),
    ACCESS_LOG: join(folder, "own/access.log"),
    CERTIFICATE_CHECK_SECONDS: "1",
    ...env,
  };
}

/** A folder laid out like the image: the user of nginx may read the programs and pages and write its own folder. */
async function makeFolder({ backends: [first], writePages, pathsOfFirst = [] }: ProxyOptions): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "deepbot-nginx-"));
  await chmod(folder, 0o755);
  for (const name of copied) await cp(join(sources, name), join(folder, "nginx", name), { recursive: true });
  const locations = pathsOfFirst.map((target) => `location = ${target} {\n  proxy_pass http://${first};\n}\n`);
  await appendFile(join(folder, "nginx/conf/api.conf"), locations.join(""));
  await writePages(join(folder, "pages"));
  await mkdir(join(folder, "acme"));
  await mkdir(join(folder, "own"));
  if (process.getuid?.() === 0) await chown(join(folder, "own"), nobody, nobody);
  return folder;
}

async function isHealthy(internalPort: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${internalPort}/healthz`).then(
    (response) => response.ok,
    () => false,
  );
}

/** Starts nginx and waits until it serves. @throws with its output when it does not */
export async function startProxyProcess(options: ProxyOptions): Promise<ProxyProcess> {
  const folder = await makeFolder(options);
  const ports = { https: await freePort(), http: await freePort(), internal: await freePort() };
  const [program = "", ...args] = asNobody([join(folder, "nginx/entrypoint.sh")]);
  const env = proxyEnvironment(folder, {
    BACKENDS: options.backends.join(" "),
    HTTPS_LISTEN: `127.0.0.1:${ports.https}`,
    HTTP_LISTEN: `127.0.0.1:${ports.http}`,
    INTERNAL_LISTEN: `127.0.0.1:${ports.internal}`,
    ...options.env,
  });
  const launch = (): Child => startChild(program, { args, env });
  let child = launch();
  const stop = async (): Promise<void> => {
    await child.stop();
    await rm(folder, { recursive: true, force: true });
  };
  const serves = async (): Promise<void> => {
    await until("nginx serves", () => isHealthy(ports.internal)).catch(async (error: unknown) => {
      await stop();
      throw new Error(`nginx did not start:\n${child.output()}`, { cause: error });
    });
  };
  await serves();
  return {
    ports,
    folder,
    child: () => child,
    certificate: await readFile(join(folder, "own/run/tls/self-signed/fullchain.pem"), "utf8"),
    accessLog: () => readFile(join(folder, "own/access.log"), "utf8"),
    startAgain: async () => {
      child = launch();
      await serves();
    },
    stop,
  };
}
