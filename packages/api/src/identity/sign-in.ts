import { limits, type ErrorCode } from "@deepbot/contract";
import { AppError } from "../app-error.ts";
import { noteIdentity } from "../request-scope.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";
import type { SessionClaims, SessionTokens } from "./authenticate.ts";
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

type Refuse = (reason: string, code: ErrorCode) => never;

/** The ID token, if it is Google's, was made for this browser, and its holder may sign in. */
async function admit(
  idToken: string,
  nonce: string | undefined,
  { settings, verifyGoogleToken, refuse }: Pick<SignInDeps, "settings" | "verifyGoogleToken"> & { refuse: Refuse },
): Promise<AcceptedToken> {
  const verdict = await verifyGoogleToken(idToken);
  if (verdict.kind === "no_certificates") return refuse(verdict.kind, "google_unavailable");
  if (verdict.kind === "refused") return refuse(verdict.kind, "google_token_invalid");
  if (!fitsBrowser(verdict.nonce, nonce)) return refuse("nonce", "google_token_invalid");
  return mayEnter(verdict, settings) ? verdict : refuse("not_allowed", "sign_in_not_allowed");
}

function createRefuse(events: UseCaseDeps["events"]): Refuse {
  return (reason, code) => {
    events.emit({ kind: "access_refused", credential: "google_token", reason });
    throw new AppError(code);
  };
}

/** Emits one event for each person: a browser may have had somebody else's session. */
function tellReplaced(events: UseCaseDeps["events"], replaced: readonly SessionClaims[]): void {
  for (const userId of new Set(replaced.map((session) => session.userId))) {
    const sessionIds = replaced.filter((each) => each.userId === userId).map(({ sessionId }) => sessionId);
    events.emit({ kind: "sessions_ended", reason: "replaced", userId, sessionIds });
  }
}

async function signOut(
  { statements, events, sessionTokens }: Pick<SignInDeps, "statements" | "events" | "sessionTokens">,
  token: string | undefined,
): Promise<void> {
  const claims = token ? await sessionTokens.verify(token) : undefined;
  if (claims === undefined) return;
  const { userId, sessionId } = claims;
  if (!(await statements.revokeSession(sessionId))) return;
  noteIdentity(claims);
  events.emit({ kind: "sessions_ended", reason: "signed_out", userId, sessionIds: [sessionId] });
}

/** Opening and closing the session of a device. */
export function createSignIn({ statements, events, settings, verifyGoogleToken, sessionTokens }: SignInDeps) {
  const refuse = createRefuse(events);

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
      const admission = { settings, verifyGoogleToken, refuse };
      const { profile, nonce, expiresAt } = await admit(idToken, browser.nonce, admission);
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
      noteIdentity({ userId, sessionId });
      tellReplaced(events, result.replaced);
      events.emit({ kind: "signed_in", userId, sessionId });
      return { sessionToken: await sessionTokens.sign({ userId, sessionId }), email, ...names };
    },

    /**
     * Ends the session that a token names. Without a valid token there is nothing to end, and of a session that has ended
     * nothing is told again, nor is its request that of a person: a copied cookie could fill the log and the audit log.
     */
    signOut: (token: string | undefined): Promise<void> => signOut({ statements, events, sessionTokens }, token),
  };
}
