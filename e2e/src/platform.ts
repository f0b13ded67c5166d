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

/** The whole platform as in production, and a browser. */
export interface Platform {
  browser: Browser;
  proxy: ProxyProcess;
  /** The servers that are running. */
  servers: ServerProcess[];
  /** A connection of the tests' own. */
  database: Database;
  /** The only worker. */
  worker: TestWorker;
  stop: () => Promise<void>;
}

interface PlatformOptions {
  databaseUrl: string;
  /** Folder of the built pages. */
  pages: string;
}

/** Starts two servers, nginx in front of them, and a browser. */
export async function startPlatform({ databaseUrl, pages }: PlatformOptions): Promise<Platform> {
  const serverPorts = [await freePort(), await freePort()];
  const [proxy, ...servers] = await Promise.all([
    startProxyProcess({
      backends: serverPorts.map((port) => `127.0.0.1:${port}`),
      writePages: (folder) => cp(pages, folder, { recursive: true }),
      // Only the server that issued a development token accepts it.
      pathsOfFirst: ["/dev/google-token", "/trpc/auth.signIn"],
    }),
    ...serverPorts.map((port) => startServerProcess({ DATABASE_URL: databaseUrl, PORT: String(port), ...settings })),
  ]);
  const browser = await launchBrowser(proxy);
  const database = await openDatabase({ engine: "postgres", url: databaseUrl, maxConnections: 2 });
  const serverUrl = (): string => {
    const [server] = servers;
    if (server === undefined) throw new Error("No server is running.");
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
