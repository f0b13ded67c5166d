import { limits } from "@deepbot/contract";
import { AppError } from "../app-error.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";
import type { SessionTokens } from "./authenticate.ts";
import type { AcceptedToken, VerifyGoogleToken } from "./google.ts";
import { fitsBrowser, hashesOf } from "./nonce.ts";
import { cleanUserAgent } from "./user-agent.ts";

export interface SignedIn {
  sessionToken: string;
  email: string;
  givenName: string | null;
  familyName: string | null;
  picture: string | null;
}

/** A browser that presents an ID token, as its request describes it. */
export interface SigningInBrowser {
  /** The header `User-Agent` as it came. */
  userAgent: string | undefined;
  /** The token of the session that it has so far. */
  sessionToken: string | undefined;
  /** The nonce that it was given. */
  nonce: string | undefined;
}

export interface SignInDeps extends Pick<UseCaseDeps, "statements" | "events" | "settings"> {
  verifyGoogleToken: VerifyGoogleToken;
  sessionTokens: SessionTokens;
}

/** Google vouches for the domain of an organisation's account, and for nobody's right to any other address. */
function mayEnter({ profile, hostedDomain }: AcceptedToken, settings: UseCaseDeps["settings"]): boolean {
  const { signInDomains, signInEmails } = settings;
  if (signInDomains.length === 0 && signInEmails.length === 0) return true;
  if (hostedDomain !== null && signInDomains.includes(hostedDomain)) return true;
  return signInEmails.includes(profile.email.toLowerCase());
}

/** Longer than a token is accepted after its `exp`, and than the database's clock may differ from ours. */
const spentMarginMs = 15 * 60_000;

/** Opening and closing the session of a device. */
export function createSignIn({ statements, events, settings, verifyGoogleToken, sessionTokens }: SignInDeps) {
  const refuse = (reason: string, code: "google_token_invalid" | "sign_in_not_allowed" | "account_blocked"): never => {
    events.emit({ kind: "access_refused", credential: "google_token", reason });
    throw new AppError(code);
  };

  const verify = async (idToken: string): Promise<AcceptedToken> => {
    const verdict = await verifyGoogleToken(idToken);
    if (verdict.kind === "accepted") return verdict;
    events.emit({ kind: "access_refused", credential: "google_token", reason: verdict.kind });
    throw new AppError(verdict.kind === "refused" ? "google_token_invalid" : "google_unavailable");
  };

  return {
    /**
     * Exchanges a Google ID token for a session, and creates or refreshes its user. Each token does so once. The session that
     * the browser had ends, and the person's oldest one when there are too many.
     *
     * @throws {AppError} `google_token_missing`, `google_token_invalid`, `google_unavailable`, `sign_in_not_allowed`,
     *   `account_blocked`
     */
    signIn: async (idToken: string | null | undefined, browser: SigningInBrowser): Promise<SignedIn> => {
      if (!idToken) throw new AppError("google_token_missing");
      const accepted = await verify(idToken);
      const { profile, nonce, expiresAt } = accepted;
      if (!fitsBrowser(nonce, browser.nonce)) refuse("nonce", "google_token_invalid");
      if (!mayEnter(accepted, settings)) refuse("not_allowed", "sign_in_not_allowed");
      const { subject, email, ...names } = profile;
      const former = browser.sessionToken ? await sessionTokens.verify(browser.sessionToken) : undefined;
      const result = await statements.upsertUserWithSession({
        googleId: subject,
        mail: email,
        ...names,
        tokenHashes: hashesOf(idToken, nonce),
        tokenLifetimeMs: Math.max(0, expiresAt * 1000 - Date.now()) + spentMarginMs,
        lifetimeMs: Math.min(settings.sessionIdleMs, settings.sessionMaxAgeMs),
        sessionsMax: limits.sessionsMax,
        formerSessionId: former?.sessionId ?? null,
        userAgent: cleanUserAgent(browser.userAgent),
      });
      if (result.kind === "refused") {
        return refuse(result.reason, result.reason === "blocked" ? "account_blocked" : "google_token_invalid");
      }
      const { userId, sessionId } = result;
      for (const owner of new Set(result.replaced.map((session) => session.userId))) {
        const sessionIds = result.replaced.filter((each) => each.userId === owner).map((each) => each.sessionId);
        events.emit({ kind: "sessions_ended", reason: "replaced", userId: owner, sessionIds });
      }
      events.emit({ kind: "signed_in", userId });
      return { sessionToken: await sessionTokens.sign({ userId, sessionId }), email, ...names };
    },

    /** Ends the session that a token names. Without a valid token there is nothing to end. */
    signOut: async (token: string | undefined): Promise<void> => {
      const claims = token ? await sessionTokens.verify(token) : undefined;
      if (claims === undefined) return;
      const { userId, sessionId } = claims;
      await statements.revokeSession(sessionId);
      events.emit({ kind: "sessions_ended", reason: "signed_out", userId, sessionIds: [sessionId] });
    },
  };
}
