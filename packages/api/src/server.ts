export { accessErrors, type Access } from "./access.ts";
export { AppError } from "./app-error.ts";
export { createProcedureCall, type CallableDefinition, type CallOptions } from "./call-procedure.ts";
export type { Caller, Context } from "./context.ts";
export { createAuditTrail, type AuditTrail } from "./events/audit-events.ts";
export { createEvents, type AppEvent, type Events } from "./events/events.ts";
export {
  createCertificateFetcher,
  createGoogleVerifier,
  googleIssuers,
  type FetchCertificates,
  type VerifyGoogleToken,
} from "./identity/google.ts";
export { createKeyCheck } from "./identity/key-check.ts";
export { createPseudonym } from "./identity/pseudonym.ts";
export { createSessionTokens, sessionAlgorithms, type SessionAlgorithm } from "./identity/authenticate.ts";
export { personalTokenPrefix } from "./keys/secret-token.ts";
export type { Log } from "./log.ts";
export { errorCodeOf, toProblem } from "./problem.ts";
export type { RateLimitStatus } from "./limits/rate-limits.ts";
export { ratePolicies, type RatePolicy } from "./limits/rate-policies.ts";
export { requestScope, type RequestFacts } from "./request-scope.ts";
export { appRouter } from "./router.ts";
export { defaultSettings, type Settings } from "./settings.ts";
export { JsonStream } from "./shared/json-stream.ts";
export { createSampler, type Sampler } from "./shared/sampler.ts";
export { encodeOnce } from "./streaming/run-feed.ts";
export type { Meta } from "./trpc.ts";
export { createUseCases, type UseCases } from "./use-cases.ts";
