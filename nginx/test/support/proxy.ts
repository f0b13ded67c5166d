import { chmod, chown, cp, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { asNobody, freePort, nobody, startChild, until, type Child } from "@deepbot/testing";
import { writePages } from "./pages.ts";
import { sendRequest, type Answer, type RequestOptions } from "./requests.ts";

const sources = fileURLToPath(new URL("../../", import.meta.url));

/** What `docker/web.Dockerfile` copies. */
const copied = ["conf", "content-policy.txt", "entrypoint.sh", "healthcheck.sh", "render.sh"];

/** Debian keeps nginx where only root looks for programs. */
const path = `${process.env["PATH"] ?? ""}:/usr/sbin`;

export const hostName = "chat.example.org";

/** nginx as the image starts it, with a folder and ports of its own. */
export interface Proxy {
  /** Of HTTPS, plain HTTP and the health check. */
  ports: { https: number; http: number; internal: number };
  folder: string;
  child: Child;
  /** Over HTTPS to the name that is served, by a certificate that is checked. */
  request: (path: string, options?: RequestOptions) => Promise<Answer>;
  /** What nginx presents when it has nothing better. */
  certificate: string;
  accessLog: () => Promise<string>;
  stop: () => Promise<void>;
}

export interface ProxyOptions {
  /** Addresses of back ends. */
  backends: readonly string[];
  env?: Record<string, string>;
}

async function isHealthy(internalPort: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${internalPort}/healthz`).then(
    (response) => response.ok,
    () => false,
  );
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

/** A folder as the image has it: nginx's user reads the programs and the pages, and writes what is its own. */
async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "deepbot-nginx-"));
  await chmod(folder, 0o755);
  for (const name of copied) await cp(join(sources, name), join(folder, "nginx", name), { recursive: true });
  await writePages(join(folder, "pages"));
  await mkdir(join(folder, "acme"));
  await mkdir(join(folder, "own"));
  if (process.getuid?.() === 0) await chown(join(folder, "own"), nobody, nobody);
  return folder;
}

/** Starts nginx and waits until it serves. @throws with its output when it does not */
export async function startProxy({ backends, env = {} }: ProxyOptions): Promise<Proxy> {
  const folder = await makeFolder();
  const ports = { https: await freePort(), http: await freePort(), internal: await freePort() };
  const [program = "", ...args] = asNobody([join(folder, "nginx/entrypoint.sh")]);
  const child = startChild(program, {
    args,
    env: proxyEnvironment(folder, {
      BACKENDS: backends.join(" "),
      HTTPS_LISTEN: `127.0.0.1:${ports.https}`,
      HTTP_LISTEN: `127.0.0.1:${ports.http}`,
      INTERNAL_LISTEN: `127.0.0.1:${ports.internal}`,
      ...env,
    }),
  });
  const stop = async (): Promise<void> => {
    await child.stop();
    await rm(folder, { recursive: true, force: true });
  };
  await until("nginx serves", () => isHealthy(ports.internal)).catch(async (error: unknown) => {
    await stop();
    throw new Error(`nginx does not serve:\n${child.output()}`, { cause: error });
  });
  const certificate = await readFile(join(folder, "own/run/tls/self-signed/fullchain.pem"), "utf8");
  return {
    ports,
    folder,
    child,
    certificate,
    request: (target, options) => sendRequest({ port: ports.https, certificate, host: hostName }, target, options),
    accessLog: () => readFile(join(folder, "own/access.log"), "utf8"),
    stop,
  };
}
