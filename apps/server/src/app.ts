import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { createKeyCheck, createServices, createSessionTokens } from "@deepbot/api/server";
import { createQueries, type Database } from "@deepbot/db";
import type { Log } from "@deepbot/runtime";
import type { Config } from "./config.ts";
import { createHandler } from "./http/handler.ts";
import { createOpenStreams } from "./http/open-streams.ts";
import { createIssuer } from "./issuer.ts";

/** How long requests under way may take to end once a stop has begun. */
const drainMs = 5_000;

/** How soon a connection that has become idle while draining is closed. */
const idleCheckMs = 50;

/** A server that listens. */
export interface App {
  port: number;
  /** Stops accepting, ends waits, lets requests finish, then closes what is left. The database stays open. */
  stop: () => Promise<void>;
}

function createHttpServer(handler: ReturnType<typeof createHandler>): Server {
  const server = createServer(
    {
      headersTimeout: 10_000,
      requestTimeout: 15_000,
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: 5_000,
      maxHeaderSize: 16 * 1024,
      requireHostHeader: true,
    },
    (req, res) => void handler(req, res),
  );
  server.maxConnections = 20_000;
  return server;
}

async function listen(server: Server, { host, port }: Config): Promise<number> {
  server.listen(port, host);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server listens on no port.");
  return address.port;
}

async function drain(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  const closeIdle = setInterval(() => server.closeIdleConnections(), idleCheckMs);
  await Promise.race([closed, delay(drainMs, undefined, { ref: false })]);
  clearInterval(closeIdle);
  server.closeAllConnections();
  await closed;
}

/**
 * Builds every part on an open, migrated database and starts to listen.
 *
 * @throws when the address is taken or not ours
 */
export async function startApp(config: Config, { database, log }: { database: Database; log: Log }): Promise<App> {
  const stopping = new AbortController();
  const { verifyGoogleToken, devIssuer } = await createIssuer(config.issuer);
  const hints = await database.openHints(log.child({ module: "hints" }));
  const streams = createOpenStreams(log);
  const services = createServices({
    queries: createQueries(database.db),
    hints,
    settings: config.settings,
    log,
    shutdown: stopping.signal,
    verifyGoogleToken,
    sessionTokens: createSessionTokens({
      secret: config.sessionSecret,
      algorithm: config.sessionAlgorithm,
      lifetimeMs: config.settings.sessionLifetimeMs,
    }),
    isMessagesKey: createKeyCheck(config.messagesKey),
    isHealthKey: createKeyCheck(config.healthKey),
    googleClientId: config.issuer.kind === "google" ? config.issuer.clientId : null,
    ping: database.ping,
  });
  const handler = createHandler({
    services,
    streams,
    log,
    secureCookie: config.secureCookie,
    sessionLifetimeMs: config.settings.sessionLifetimeMs,
    frontOrigin: config.frontOrigin,
    allowedHosts: config.allowedHosts,
    devIssuer,
    isReady: () => isReady(database, stopping.signal),
    stopping: stopping.signal,
  });
  const server = createHttpServer(handler);
  const port = await listen(server, config).catch(async (error: unknown) => {
    await hints.close();
    throw error;
  });
  const stopLoops = services.startLoops();
  return {
    port,
    stop: async () => {
      stopping.abort();
      streams.closeAll();
      await drain(server);
      await stopLoops();
      await hints.close();
    },
  };
}

async function isReady(database: Database, stopping: AbortSignal): Promise<boolean> {
  if (stopping.aborted) return false;
  return database.ping().then(
    () => true,
    () => false,
  );
}
