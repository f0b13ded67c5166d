import {
  databaseErrorCode,
  defaultAssistantSlug,
  uniqueViolation,
  type AssistantPatch,
  type AssistantRow,
  type NewAssistant,
} from "@deepbot/db";
import { AppError } from "../app-error.ts";
import type { AssistantChanged } from "../events/events.ts";
import type { Presence } from "../presence/presence.ts";
import type { UseCaseDeps } from "../use-case-deps.ts";
import type { ShownAssistant } from "./wire.ts";

/** What the audit log keeps of a value: of long texts only how long they are. */
const auditedLength = 200;

function audited(value: unknown): unknown {
  const text = JSON.stringify(value);
  return text.length > auditedLength ? `${text.length} characters` : value;
}

/** The members in which two versions differ, as JSON of each version. */
function describeChange(before: Partial<AssistantRow>, after: AssistantRow): { before: string; after: string } {
  const changed = Object.entries(after).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(Reflect.get(before, name)),
  );
  const toJson = (version: object): string =>
    JSON.stringify(Object.fromEntries(changed.map(([name]) => [name, audited(Reflect.get(version, name) ?? null)])));
  return { before: toJson(before), after: toJson(after) };
}

/** @throws {AppError} `assistant_slug_taken` in place of a unique violation */
async function withFreeSlug<Result>(write: Promise<Result>): Promise<Result> {
  return write.catch((error: unknown) => {
    throw databaseErrorCode(error) === uniqueViolation ? new AppError("assistant_slug_taken") : error;
  });
}

/** Whom people talk to, and what operators make of them. */
export function createAssistants(
  { statements, events, settings }: Pick<UseCaseDeps, "statements" | "events" | "settings">,
  { isOnline }: Pick<Presence, "isOnline">,
) {
  const show = async (assistant: AssistantRow): Promise<ShownAssistant> => ({
    ...assistant,
    isOnline: await isOnline(assistant.assistantId),
  });
  const emit = (
    userId: number,
    change: AssistantChanged["change"],
    { before, after }: { before: Partial<AssistantRow>; after: AssistantRow },
  ): void => {
    const { assistantId, slug } = after;
    events.emit({ kind: "assistant_changed", change, userId, assistantId, slug, ...describeChange(before, after) });
  };
  const listAll = async (): Promise<ShownAssistant[]> => Promise.all((await statements.listAssistants()).map(show));

  return {
    /** Those that take questions. */
    list: async (): Promise<ShownAssistant[]> => (await listAll()).filter(({ disabledAt }) => disabledAt === null),

    /** Disabled ones too. */
    listAll,

    /** @throws {AppError} `assistant_limit`, `assistant_slug_taken` */
    create: async (userId: number, assistant: NewAssistant): Promise<ShownAssistant> => {
      const limit = settings.assistantsMax;
      const after = await withFreeSlug(statements.insertAssistant(assistant, limit));
      if (after === undefined) throw new AppError("assistant_limit", { limit });
      emit(userId, "created", { before: {}, after });
      return show(after);
    },

    /**
     * Changes an assistant. With another slug it keeps its dialogs, keys and workers.
     *
     * @throws {AppError} `assistant_not_found`, `assistant_slug_taken`; `assistant_fixed` for another slug of the default one
     */
    update: async (userId: number, slug: string, patch: AssistantPatch): Promise<ShownAssistant> => {
      if (slug === defaultAssistantSlug && (patch["slug"] ?? slug) !== slug) {
        throw new AppError("assistant_fixed", { assistant: slug });
      }
      const changed = await withFreeSlug(statements.updateAssistant(slug, patch));
      if (changed === undefined) throw new AppError("assistant_not_found");
      const isEnabled = changed.before.disabledAt !== null && changed.after.disabledAt === null;
      emit(userId, isEnabled ? "enabled" : "updated", changed);
      return show(changed.after);
    },

    /**
     * Lets an assistant take no more questions. Queued ones may still be answered, and its dialogs can be read.
     *
     * @throws {AppError} `assistant_not_found`; `assistant_fixed` for the default one
     */
    disable: async (userId: number, slug: string): Promise<ShownAssistant> => {
      if (slug === defaultAssistantSlug) throw new AppError("assistant_fixed", { assistant: slug });
      const after = await statements.disableAssistant(slug);
      if (after === undefined) throw new AppError("assistant_not_found");
      emit(userId, "disabled", { before: { ...after, disabledAt: null }, after });
      return show(after);
    },
  };
}
