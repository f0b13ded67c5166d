import type { RequestListener } from "node:http";
import {
  createAuditTrail,
  createEvents,
  createKeyCheck,
  createPseudonym,
  createSampler,
  createSessionTokens,
  createUseCases,
  type AuditTrail,
  type Events,
  type Sampler,
  type UseCases,
} from "@deepbot/api/server";
import { createStatements, type Database, type Statements } from "@deepbot/db";
import { createPostgresDeltaStore, openNotifier, type Notifier } from "@deepbot/live";
import type { Log } from "@deepbot/runtime";
import type { Config } from "./config.ts";
import { describeError } from "./describe-error.ts";
import { createHttpServer } from "./http-server.ts";
import { createIssuer, type Issuer } from "./issuer.ts";
import { createMetrics } from "./metrics/metrics.ts";
import { devSignInRoute } from "./plugins/dev-sign-in.ts";
import { docsRoutes } from "./plugins/docs.ts";
import { probeRoutes } from "./plugins/probes.ts";
import { createErrorHandler, createErrorReporter } from "./plugins/problems.ts";
import { createRequestLog, createUnservedLog, sampledPerMinute } from "./plugins/request-log.ts";
import { createSessionCookie } from "./plugins/session-cookie.ts";
import { createFindClient } from "./request/client-address.ts";
import { createCountRefusals } from "./request/context.ts";
import { countRoutes } from "./request/count-routes.ts";
import { createHandler, createRouteTable } from "./request/routes.ts";
import { createStallGuard } from "./request/stall-guard.ts";
import { restRoutes } from "./transports/rest.ts";
import { createEventStreams, type EventStreams } from "./transports/sse.ts";
import { trpcRoutes } from "./transports/trpc.ts";

/** Refusals that the audit log keeps in an hour: of one kind and address, and of all together. */
const auditedPerHour = { perKind: 5, total: 1_000 };

/** The same of what persons do. Signing out everywhere ends up to twenty tokens at once. */
const auditedPerPersonHour = { perKind: 30, total: 20_000 };

/** A listening server. */
export interface App {
  port: number;
  /** Stops accepting, ends waits, lets requests finish, then closes what is left. The database stays open. */
  stop: () => Promise<void>;
}

/** What `startApp` is given, and what it builds first. */
interface Parts {
  config: Config;
  database: Database;
  statements: Statements;
  log: Log;
  /** Log lines that were lost so far. */
  droppedLogLines: () => number;
  sampler: Sampler;
  audit: AuditTrail;
  events: Events;
  notifier: Notifier;
  issuer: Issuer;
  stopping: AbortSignal;
}

function buildUseCases(parts: Parts): UseCases {
  const { config, database, statements, log, sampler, events, notifier, issuer, stopping } = parts;
  const { settings } = config;
  return createUseCases({
    statements,
    notifier,
    deltaStore: createPostgresDeltaStore(statements, {
      deadlineMs: settings.answerDeadlineMs,
      maxMs: settings.answerMaxMs,
    }),
    events,
    settings,
    log,
    refusalSampler: sampler,
    shutdown: stopping,
    verifyGoogleToken: issuer.verifyGoogleToken,
    sessionTokens: createSessionTokens({
      secrets: config.sessionSecrets,
      algorithm: config.sessionAlgorithm,
      lifetimeMs: settings.sessionCookieMaxAgeMs,
    }),
    pseudonym: createPseudonym(config.sessionSecrets[0]),
    isServiceKey: createKeyCheck(...config.serviceKeys),
    isHealthKey: createKeyCheck(...config.healthKeys),
    googleClientId: config.issuer.kind === "google" ? config.issuer.clientId : null,
    ping: database.ping,
  });
}

async function isReady({ database, stopping }: Parts): Promise<boolean> {
  if (stopping.aborted) return false;
  return database.ping().then(
    () => true,
    () => false,
  );
}

/** Builds the route table and all that serves it. */
function buildHandler(parts: Parts, useCases: UseCases): { handler: RequestListener; streams: EventStreams } {
  const { config, log, sampler, audit, events, notifier, issuer, stopping } = parts;
  const reportError = createErrorReporter({ log, events, sampler });
  const streams = createEventStreams(reportError);
  const countRefusals = createCountRefusals(useCases);
  const metrics = createMetrics({
    useCases,
    events,
    countRefusals,
    openStreams: streams.count,
    pool: () => parts.database.pool,
    droppedLogLines: parts.droppedLogLines,
    droppedAuditRows: audit.dropped,
  });
  notifier.onGap(metrics.countNotificationGap);
  const sessionCookie = createSessionCookie({
    secure: config.secureCookie,
    maxAgeMs: config.settings.sessionCookieMaxAgeMs,
  });
  const deps = { useCases, sessionCookie, streams, reportError, countRefusals };
  const routes = createRouteTable([
    ...restRoutes(deps),
    ...trpcRoutes(deps),
    ...probeRoutes(() => isReady(parts)),
    ...countRoutes(docsRoutes(), useCases),
    metrics.route,
    ...(issuer.devIssuer === undefined ? [] : [devSignInRoute(issuer.devIssuer)]),
  ]);
  const { frontOrigin, allowedHosts, trustedProxies, secureCookie } = config;
  const handler = createHandler({
    routes,
    frontOrigin,
    ownScheme: secureCookie ? "https:" : "http:",
    allowedHosts,
    stopping,
    countRefusals,
    handleError: createErrorHandler(reportError),
    onEnd: createRequestLog({ log, sampler, requestDuration: metrics.requestDuration }),
    stallGuard: createStallGuard(log),
    findClient: createFindClient(trustedProxies, (peer) => {
      const fields = { module: "http", event: "forwarded_for_ignored", address: peer };
      log.warn(fields, "X-Forwarded-For is ignored: its sender is not in TRUSTED_PROXIES");
    }),
  });
  return { streams, handler };
}

/** What records events without a use case knowing of it: the audit log, and the sampler that keeps the log small. */
function createRecorders(
  log: Log,
  { events, statements }: Pick<Parts, "events" | "statements">,
): Pick<Parts, "audit" | "sampler"> {
  const audit = createAuditTrail(
    { statements, events },
    {
      perHour: auditedPerHour,
      perPersonHour: auditedPerPersonHour,
      onDropped: (count) => {
        log.warn({ module: "audit", event: "audit_rows_dropped", count }, `${count} audit rows could not be stored`);
      },
    },
  );
  const sampler = createSampler({
    ...sampledPerMinute,
    onSuppressed: ({ kind: subject, address, count }) => {
      events.emit({ kind: "lines_suppressed", subject, address, count });
    },
  });
  return { audit, sampler };
}

/** What `startApp` is given. */
export type AppDeps = Pick<Parts, "database" | "log"> & Partial<Pick<Parts, "droppedLogLines">>;

/**
 * Builds every part on an open, migrated database and starts to listen.
 *
 * @throws if the address is taken or does not belong to this machine
 */
export async function startApp(config: Config, deps: AppDeps): Promise<App> {
  const { database, log, droppedLogLines = () => 0 } = deps;
  const stopping = new AbortController();
  const statements = createStatements(database.db);
  // Migrations have a connection of their own; those of statements must work too before the server says that it listens.
  await statements.countOpenRuns();
  const issuer = await createIssuer(config.issuer);
  const notifier = await openNotifier(database, log.child({ module: "notifier" }));
  const events = createEvents((error) => {
    log.error({ module: "events", event: "subscriber_failed", causes: describeError(error) }, "A subscriber failed");
  });
  const { audit, sampler } = createRecorders(log, { events, statements });
  const shared = { config, database, statements, log, events, notifier, issuer };
  const parts: Parts = { ...shared, droppedLogLines, sampler, audit, stopping: stopping.signal };
  const useCases = buildUseCases(parts);
  const { handler, streams } = buildHandler(parts, useCases);
  const server = createHttpServer(handler, createUnservedLog({ log, sampler }));
  const port = await server.listen(config).catch(async (error: unknown) => {
    await notifier.close();
    throw error;
  });
  const stopLoops = useCases.startLoops();
  return {
    port,
    stop: async () => {
      stopping.abort();
      streams.closeAll();
      await server.drain();
      await stopLoops();
      sampler.flush();
      await audit.close();
      await notifier.close();
    },
  };
}
