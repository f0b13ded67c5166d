import { AppError } from "../app-error.ts";
import type { ServiceKey } from "../identity/service-key.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";

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
  statements: { findAssistants },
  events,
}: Pick<UseCaseDeps, "statements" | "events">): FindServedAssistants {
  return async (key, slugs) => {
    if (slugs === undefined) return key.assistantIds;
    const found = new Map((await findAssistants(slugs)).map(({ slug, assistantId }) => [slug, assistantId]));
    return slugs.map((assistant) => {
      const assistantId = found.get(assistant);
      const isForeign = assistantId !== undefined && key.assistantIds?.includes(assistantId) === false;
      if (isForeign) events.emit({ kind: "access_refused", credential: "X-Messages-Key", reason: "foreign_assistant" });
      if (assistantId === undefined || isForeign) {
        throw new AppError("assistant_refused", { assistant });
      }
      return assistantId;
    });
  };
}
