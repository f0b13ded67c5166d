import { AppError } from "../app-error.ts";
import type { AuthenticatedUser } from "../identity/authenticate.ts";
import { noteIdentity } from "../request-scope.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";
import { lastUseResolutionMs } from "./key-registry.ts";
import { hashOfSecret, isSecretToken, personalTokenPrefix } from "./secret-token.ts";

export interface TokenAuthentication {
  /**
   * The person of a live personal token.
   *
   * @throws {AppError} `token_invalid`
   */
  authenticateToken: (token: string) => Promise<AuthenticatedUser>;
  /** Stores which tokens were used: one statement for all of them, none if there were none. */
  touchTokens: () => Promise<void>;
}

export function createTokenAuthentication({
  statements,
  events,
}: Pick<UseCaseDeps, "statements" | "events">): TokenAuthentication {
  const used = new Set<string>();
  const resolutionMs = lastUseResolutionMs;
  return {
    authenticateToken: async (token) => {
      const isOurs = isSecretToken(personalTokenPrefix, token);
      const found = isOurs
        ? await statements.findPersonalToken({ hash: hashOfSecret(token), resolutionMs })
        : undefined;
      if (found === undefined) {
        events.emit({ kind: "access_refused", credential: "personal_token", reason: "token_invalid" });
        throw new AppError("token_invalid");
      }
      const { tokenId, touchDue, ...person } = found;
      if (touchDue) used.add(tokenId);
      noteIdentity({ userId: person.userId, keyId: tokenId });
      const credential = `token:${tokenId}` as const;
      return { ...person, sessionId: null, credential, ageMs: null, renewedToken: undefined };
    },
    touchTokens: async () => {
      if (used.size === 0) return;
      const tokenIds = [...used];
      // Tokens that a failed statement leaves out are used again.
      used.clear();
      await statements.touchPersonalTokens({ tokenIds, resolutionMs });
    },
  };
}
