import type { SessionUser } from "@deepbot/db";
import type { VerifyGoogleToken } from "../auth/google-id-token.ts";
import type { SessionTokens } from "../auth/session-token.ts";
import { DomainError } from "../domain/errors.ts";
import { cleanUserAgent } from "../domain/user-agent.ts";
import type { ServiceDeps } from "./deps.ts";
import { visitResolutionMs, type Visits } from "./visits.ts";

export interface AuthDeps extends ServiceDeps {
  verifyGoogleToken: VerifyGoogleToken;
  sessionTokens: SessionTokens;
  isMessagesKey: (presented: string | undefined) => boolean;
  isHealthKey: (presented: string | undefined) => boolean;
}

export interface SignedIn {
  sessionToken: string;
  email: string;
  givenName: string | null;
  familyName: string | null;
  picture: string | null;
}

function createKeyChecks({ log, isMessagesKey, isHealthKey }: AuthDeps) {
  const check = (accepted: boolean, header: string): void => {
    if (accepted) return;
    log.warn({ event: "key_refused", header }, `A request with a wrong ${header} was refused`);
    throw new DomainError("key_refused");
  };

  return {
    /** @throws {DomainError} `key_refused` */
    checkMessagesKey: (presented: string | undefined): void => check(isMessagesKey(presented), "X-Messages-Key"),

    /** @throws {DomainError} `key_refused` */
    checkHealthKey: (presented: string | undefined): void => check(isHealthKey(presented), "X-Health-Key"),
  };
}

/** Who somebody is: sign-in with Google, sessions, keys of services. */
export function createAuthService(deps: AuthDeps, visits: Visits) {
  const { queries, hints, log, settings, sessionTokens } = deps;

  return {
    /**
     * Exchanges a Google ID token for a session, creating or refreshing its user.
     *
     * @param userAgent what the device calls itself, as it came
     * @throws {DomainError} `google_token_missing`, `google_token_invalid`, `google_unavailable`
     */
    signIn: async (idToken: string | null | undefined, userAgent: string | undefined): Promise<SignedIn> => {
      if (!idToken) throw new DomainError("google_token_missing");
      const verdict = await deps.verifyGoogleToken(idToken);
      if (verdict.kind !== "accepted") {
        log.warn({ event: "google_token_refused", reason: verdict.kind }, "A Google token was refused");
        throw new DomainError(verdict.kind === "refused" ? "google_token_invalid" : "google_unavailable");
      }
      const { subject, email, ...names } = verdict.profile;
      const session = await queries.upsertUserWithSession({
        googleId: subject,
        mail: email,
        ...names,
        lifetimeMs: settings.sessionLifetimeMs,
        userAgent: cleanUserAgent(userAgent),
      });
      if (session === undefined) throw new DomainError("google_token_invalid");
      log.info({ event: "signed_in", user_id: session.userId }, `User ${session.userId} signed in`);
      return { sessionToken: await sessionTokens.sign(session), email, ...names };
    },

    /**
     * The user of a live session.
     *
     * @throws {DomainError} `unauthenticated` without a token, `session_invalid` with one that is no good
     */
    authenticate: async (token: string | undefined): Promise<SessionUser> => {
      if (!token) throw new DomainError("unauthenticated");
      const claims = await sessionTokens.verify(token);
      const user =
        claims && (await queries.findSession({ sessionId: claims.sessionId, resolutionMs: visitResolutionMs }));
      if (user === undefined || user.userId !== claims?.userId) {
        log.warn({ event: "session_refused" }, "A session token was refused");
        throw new DomainError("session_invalid");
      }
      visits.note(user);
      return user;
    },

    /** Ends the session that a token names; without a valid token there is nothing to end. */
    signOut: async (token: string | undefined): Promise<void> => {
      const claims = token ? await sessionTokens.verify(token) : undefined;
      if (claims === undefined) return;
      await queries.revokeSession(claims.sessionId);
      hints.publish(`session:${claims.sessionId}`);
      log.info({ event: "signed_out", user_id: claims.userId }, `User ${claims.userId} signed out`);
    },

    ...createKeyChecks(deps),
  };
}
