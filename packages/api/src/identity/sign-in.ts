import { AppError } from "../app-error.ts";
import { noteIdentity } from "../request-scope.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";
import type { VerifyGoogleToken } from "./google.ts";
import type { SessionTokens } from "./authenticate.ts";
import { cleanUserAgent } from "./user-agent.ts";

export interface SignedIn {
  sessionToken: string;
  email: string;
  givenName: string | null;
  familyName: string | null;
  picture: string | null;
}

export interface SignInDeps extends Pick<UseCaseDeps, "statements" | "events" | "settings"> {
  verifyGoogleToken: VerifyGoogleToken;
  sessionTokens: SessionTokens;
}

/** Opening and closing the session of a device. */
export function createSignIn({ statements, events, settings, verifyGoogleToken, sessionTokens }: SignInDeps) {
  return {
    /**
     * Exchanges a Google ID token for a session, and creates or refreshes its user.
     *
     * @param userAgent the header as it came
     * @throws {AppError} `google_token_missing`, `google_token_invalid`, `google_unavailable`
     */
    signIn: async (idToken: string | null | undefined, userAgent: string | undefined): Promise<SignedIn> => {
      if (!idToken) throw new AppError("google_token_missing");
      const verdict = await verifyGoogleToken(idToken);
      if (verdict.kind !== "accepted") {
        events.emit({ kind: "access_refused", credential: "google_token", reason: verdict.kind });
        throw new AppError(verdict.kind === "refused" ? "google_token_invalid" : "google_unavailable");
      }
      const { subject, email, ...names } = verdict.profile;
      const session = await statements.upsertUserWithSession({
        googleId: subject,
        mail: email,
        ...names,
        lifetimeMs: settings.sessionLifetimeMs,
        userAgent: cleanUserAgent(userAgent),
      });
      if (session === undefined) throw new AppError("google_token_invalid");
      noteIdentity(session);
      events.emit({ kind: "signed_in", userId: session.userId, sessionId: session.sessionId });
      return { sessionToken: await sessionTokens.sign(session), email, ...names };
    },

    /** Ends the session that a token names. Without a valid token there is nothing to end. */
    signOut: async (token: string | undefined): Promise<void> => {
      const claims = token ? await sessionTokens.verify(token) : undefined;
      if (claims === undefined) return;
      const { userId, sessionId } = claims;
      noteIdentity(claims);
      await statements.revokeSession(sessionId);
      events.emit({ kind: "sessions_ended", reason: "signed_out", userId, sessionIds: [sessionId] });
    },
  };
}
