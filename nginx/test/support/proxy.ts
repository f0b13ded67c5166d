import { mkdir, mkdtemp, readFile, rm, chmod } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort, startChild, until, type Child } from "@deepbot/testing";
import { writePages } from "./pages.ts";
import { sendRequest, type Answer, type RequestOptions } from "./requests.ts";

const entrypoint = fileURLToPath(new URL("../../entrypoint.sh", import.meta.url));

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
    RUN_FOLDER: join(folder, "run"),
    PAGES_FOLDER: join(folder, "pages"),
    ACME_FOLDER: join(folder, "acme"),
    CERTIFICATE_FOLDER: join(folder, "issued"),
    ACCESS_LOG: join(folder, "access.log"),
    CERTIFICATE_CHECK_SECONDS: "1",
    ...env,
  };
}

/** Starts nginx and waits until it serves. @throws with its output when it does not */
export async function startProxy({ backends, env = {} }: ProxyOptions): Promise<Proxy> {
  const folder = await mkdtemp(join(tmpdir(), "deepbot-nginx-"));
  // nginx's workers give up root and still have to get in.
  await chmod(folder, 0o755);
  await writePages(join(folder, "pages"));
  await mkdir(join(folder, "acme"));
  const ports = { https: await freePort(), http: await freePort(), internal: await freePort() };
  const child = startChild(entrypoint, {
    args: [],
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
  const certificate = await readFile(join(folder, "run/tls/self-signed/fullchain.pem"), "utf8");
  return {
    ports,
    folder,
    child,
    certificate,
    request: (target, options) => sendRequest({ port: ports.https, certificate, host: hostName }, target, options),
    accessLog: () => readFile(join(folder, "access.log"), "utf8"),
    stop,
  };
}
