import { cp } from "node:fs/promises";
import { openDatabase, type Database } from "@deepbot/db";
import {
  freePort,
  hostName,
  startProxyProcess,
  startServerProcess,
  type ProxyProcess,
  type ServerProcess,
} from "@deepbot/testing";
import type { Browser } from "playwright-core";
import { launchBrowser, origin } from "./browser.ts";
import { createTestWorker, type TestWorker } from "./worker.ts";

const settings = {
  ADDRESS_FRONT: origin,
  ALLOWED_HOSTS: `${hostName},127.0.0.1`,
  SECURE_HTTP_HTTPS: "true",
  LOG_LEVEL: "warn",
};

/** The whole platform as it runs for people, and a browser to visit it with. */
export interface Platform {
  browser: Browser;
  proxy: ProxyProcess;
  /** Those that are alive. */
  servers: ServerProcess[];
  /** A view of its own on the database. */
  database: Database;
  /** The only one there is. */
  worker: TestWorker;
  stop: () => Promise<void>;
}

interface PlatformOptions {
  databaseUrl: string;
  /** The built browser application. */
  pages: string;
}

/** Starts two servers, nginx in front of them, and a browser. */
export async function startPlatform({ databaseUrl, pages }: PlatformOptions): Promise<Platform> {
  const serverPorts = [await freePort(), await freePort()];
  const [proxy, ...servers] = await Promise.all([
    startProxyProcess({
      backends: serverPorts.map((port) => `127.0.0.1:${port}`),
      writePages: (folder) => cp(pages, folder, { recursive: true }),
      // A development token is good at the server that gave it.
      pathsOfFirst: ["/dev/google-token", "/trpc/auth.signIn"],
    }),
    ...serverPorts.map((port) => startServerProcess({ DATABASE_URL: databaseUrl, PORT: String(port), ...settings })),
  ]);
  const browser = await launchBrowser(proxy);
  const database = await openDatabase({ engine: "postgres", url: databaseUrl, maxConnections: 2 });
  const serverUrl = (): string => {
    const [server] = servers;
    if (server === undefined) throw new Error("No server is alive.");
    return server.url;
  };
  return {
    browser,
    proxy,
    servers,
    database,
    worker: createTestWorker(serverUrl),
    stop: async () => {
      await browser.close();
      await proxy.stop();
      await Promise.all(servers.map((server) => server.kill()));
      await database.close();
    },
  };
}
