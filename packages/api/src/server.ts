export {
  createCertificateFetcher,
  createGoogleVerifier,
  googleIssuers,
  type FetchCertificates,
  type VerifyGoogleToken,
} from "./auth/google-id-token.ts";
export { createKeyCheck } from "./auth/service-key.ts";
export { createSessionTokens, sessionAlgorithms, type SessionAlgorithm } from "./auth/session-token.ts";
export type { Caller, Context } from "./context.ts";
export { DomainError } from "./domain/errors.ts";
export { defaultSettings, type Settings } from "./domain/limits.ts";
export { defaultLocale, locales, type Locale } from "./domain/locale.ts";
export { errorMap } from "./error-map.ts";
export type { Locate } from "./issue-texts.ts";
export type { Log } from "./log.ts";
export { EdgeError, errorCodeOf, toProblem, type Problem } from "./problem.ts";
export { requestScope } from "./request-scope.ts";
export { appRouter } from "./routers/index.ts";
export { createServices, type Services } from "./services/index.ts";
export { endEventId } from "./domain/run-events.ts";
export { maxWatchMs, pingIntervalMs, type Meta } from "./trpc.ts";
