import { limits } from "@deepbot/contract";
import type { StoredPersonalToken } from "@deepbot/db";
import { AppError } from "../app-error.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";
import { createSecretToken, personalTokenPrefix } from "./secret-token.ts";

/** Tokens with which a person's own programs act as that person. */
export function createPersonalTokens({ statements, events }: Pick<UseCaseDeps, "statements" | "events">) {
  return {
    list: (userId: number): Promise<StoredPersonalToken[]> => statements.listPersonalTokens(userId),

    /**
     * Makes a token. The token itself is not stored.
     *
     * @param wanted.lifetimeMs null means for ever
     * @throws {AppError} `token_limit`
     */
    create: async (
      userId: number,
      wanted: { name: string; lifetimeMs: number | null },
    ): Promise<{ token: string; stored: StoredPersonalToken }> => {
      const { secret, hash, prefix } = createSecretToken(personalTokenPrefix);
      const limit = limits.personalTokensMax;
      const stored = await statements.insertPersonalToken({ ...wanted, userId, hash, prefix, limit });
      if (stored === undefined) throw new AppError("token_limit", { limit });
      events.emit({ kind: "personal_token_changed", change: "created", userId, tokenId: stored.tokenId });
      return { token: secret, stored };
    },

    /**
     * Ends a token at once, and the streams and waits under it.
     *
     * @throws {AppError} `token_not_found`
     */
    end: async (userId: number, tokenId: string): Promise<void> => {
      if (!(await statements.deletePersonalToken({ userId, tokenId }))) throw new AppError("token_not_found");
      events.emit({ kind: "personal_token_changed", change: "ended", userId, tokenId });
    },
  };
}
