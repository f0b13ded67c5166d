import {
  databaseErrorCode,
  defaultAssistantSlug,
  uniqueViolation,
  type AssistantPatch,
  type AssistantRow,
  type NewAssistant,
  type Facts,
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

interface Versions {
  /** Empty for a new assistant. */
  before: Partial<AssistantRow>;
  after: AssistantRow;
}

/** The members in which two versions differ, as they are in each. */
function describeChange({ before, after }: Versions): Pick<AssistantChanged, "before" | "after"> {
  const changed = Object.entries(after).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(Reflect.get(before, name)),
  );
  const factsOf = (version: object): Facts =>
    Object.fromEntries(changed.map(([name]) => [name, audited(Reflect.get(version, name) ?? null)]));
  return { before: factsOf(before), after: factsOf(after) };
}

function toEvent(userId: number, change: AssistantChanged["change"], versions: Versions): AssistantChanged {
  const { assistantId, slug } = versions.after;
  return { kind: "assistant_changed", change, userId, assistantId, slug, ...describeChange(versions) };
}

/** @throws {AppError} `assistant_slug_taken` in place of a unique violation */
async function withFreeSlug<Result>(write: Promise<Result>): Promise<Result> {
  return write.catch((error: unknown) => {
    throw databaseErrorCode(error) === uniqueViolation ? new AppError("assistant_slug_taken") : error;
  });
}

async function updateAssistant(
  { statements, events }: Pick<UseCaseDeps, "statements" | "events">,
  { userId, slug, patch }: { userId: number; slug: string; patch: AssistantPatch },
): Promise<AssistantRow> {
  if (slug === defaultAssistantSlug && (patch["slug"] ?? slug) !== slug) {
    throw new AppError("assistant_fixed", { assistant: slug });
  }
  const changed = await withFreeSlug(statements.updateAssistant(slug, patch));
  if (changed === undefined) throw new AppError("assistant_not_found");
  const isEnabled = changed.before.disabledAt !== null && changed.after.disabledAt === null;
  events.emit(toEvent(userId, isEnabled ? "enabled" : "updated", changed));
  return changed.after;
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
      events.emit(toEvent(userId, "created", { before: {}, after }));
      return show(after);
    },

    /**
     * Changes an assistant. With another slug it keeps its dialogs, keys and workers.
     *
     * @throws {AppError} `assistant_not_found`, `assistant_slug_taken`; `assistant_fixed` for another slug of the default one
     */
    update: async (userId: number, slug: string, patch: AssistantPatch): Promise<ShownAssistant> =>
      show(await updateAssistant({ statements, events }, { userId, slug, patch })),

    /**
     * Lets an assistant take no more questions. Queued ones may still be answered, and its dialogs can be read.
     *
     * @throws {AppError} `assistant_not_found`; `assistant_fixed` for the default one
     */
    disable: async (userId: number, slug: string): Promise<ShownAssistant> => {
      if (slug === defaultAssistantSlug) throw new AppError("assistant_fixed", { assistant: slug });
      const after = await statements.disableAssistant(slug);
      if (after === undefined) throw new AppError("assistant_not_found");
      events.emit(toEvent(userId, "disabled", { before: { ...after, disabledAt: null }, after }));
      return show(after);
    },
  };
}
