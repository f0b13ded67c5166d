import type { Statements } from "@deepbot/db";
import { AppError } from "../app-error.ts";
import type { ServiceKey } from "../identity/service-key.ts";

/**
 * The assistants that a claim is for: those that it names, or all that its key reaches. Null means every one.
 *
 * @throws {AppError} `assistant_refused` (with `assistant`) for a slug that the key does not reach; whether there is such an
 *   assistant is not told
 */
export type FindServedAssistants = (
  key: ServiceKey,
  slugs: readonly string[] | undefined,
) => Promise<readonly number[] | null>;

export function createFindServedAssistants({
  findAssistants,
}: Pick<Statements, "findAssistants">): FindServedAssistants {
  return async (key, slugs) => {
    if (slugs === undefined) return key.assistantIds;
    const found = new Map((await findAssistants(slugs)).map(({ slug, assistantId }) => [slug, assistantId]));
    return slugs.map((assistant) => {
      const assistantId = found.get(assistant);
      if (assistantId === undefined || key.assistantIds?.includes(assistantId) === false) {
        throw new AppError("assistant_refused", { assistant });
      }
      return assistantId;
    });
  };
}
