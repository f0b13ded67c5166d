import { asc, count, eq, getTableColumns, sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { assistants, defaultAssistantId } from "../schema/index.ts";

export type AssistantRow = typeof assistants.$inferSelect;

/** Every assistant, disabled ones too, in the order in which they were made. Their number is bounded. */
export type ListAssistants = () => Promise<AssistantRow[]>;

export function prepareListAssistants(db: Db): ListAssistants {
  const statement = db.select().from(assistants).orderBy(asc(assistants.assistantId)).prepare("list_assistants");
  return () => statement.execute();
}

/** The assistants with the given slugs, in no order, disabled ones too. */
export type FindAssistants = (slugs: readonly string[]) => Promise<AssistantRow[]>;

export function prepareFindAssistants(db: Db): FindAssistants {
  const statement = db
    .select()
    .from(assistants)
    .where(sql`${assistants.slug} = any(${sql.placeholder("slugs")}::text[])`)
    .prepare("find_assistants");
  return (slugs) => statement.execute({ slugs });
}

/** What an operator says of a new assistant. */
export type NewAssistant = Pick<
  AssistantRow,
  | "slug"
  | "name"
  | "description"
  | "greeting"
  | "suggestions"
  | "instructions"
  | "accepts"
  | "answerMaxMs"
  | "answerMaxBytes"
  | "questionsPerDay"
>;

/**
 * Inserts an assistant. Undefined when there are `limit` of them already, disabled ones included.
 *
 * @throws a unique violation when the slug is taken
 */
export type InsertAssistant = (assistant: NewAssistant, limit: number) => Promise<AssistantRow | undefined>;

/** Counts and inserts in two statements that hold a lock on the default assistant's row, as `insertDialog` does. */
export function prepareInsertAssistant(db: Db): InsertAssistant {
  return (assistant, limit) =>
    db.transaction(async (tx) => {
      await tx
        .select({ assistantId: assistants.assistantId })
        .from(assistants)
        .where(eq(assistants.assistantId, defaultAssistantId))
        .for("no key update")
        .prepare("lock_assistants")
        .execute();
      const [existing] = await tx.select({ total: count() }).from(assistants).prepare("count_assistants").execute();
      if (existing === undefined || existing.total >= limit) return undefined;
      const [inserted] = await tx
        .insert(assistants)
        .values(assistant)
        .returning()
        .prepare("insert_assistant")
        .execute();
      return inserted;
    });
}

/** Columns to change, by their names in the database; `disabled_at` can only be cleared. */
export type AssistantPatch = Readonly<Record<string, unknown>>;

export interface ChangedAssistant {
  before: AssistantRow;
  after: AssistantRow;
}

/**
 * Changes an assistant, and returns it as it was and as it is. Undefined when there is none with that slug.
 *
 * @throws a unique violation when the new slug is taken
 */
export type UpdateAssistant = (slug: string, patch: AssistantPatch) => Promise<ChangedAssistant | undefined>;

const columns = getTableColumns(assistants);

/** The columns of a step, one by one: Drizzle cannot select two steps whole. */
function fieldsOf<Step extends Record<keyof typeof columns, unknown>>(step: Step): Pick<Step, keyof typeof columns> {
  const { slug, name, description, greeting, suggestions, instructions, accepts, disabledAt } = step;
  const { answerMaxMs, answerMaxBytes, questionsPerDay } = step;
  const texts = { slug, name, description, greeting, suggestions, instructions, accepts };
  const limits = { answerMaxMs, answerMaxBytes, questionsPerDay };
  return { assistantId: step.assistantId, ...texts, ...limits, createdAt: step.createdAt, disabledAt };
}

export function prepareUpdateAssistant(db: Db): UpdateAssistant {
  const before = db.$with("before", columns).as(sql`
    select assistants.*, assistants as whole from assistants where slug = ${sql.placeholder("slug")} for update`);
  const after = db.$with("after", columns).as(sql`
    update assistants set
      slug = patched.slug, name = patched.name, description = patched.description, greeting = patched.greeting,
      suggestions = patched.suggestions, instructions = patched.instructions, accepts = patched.accepts,
      answer_max_ms = patched.answer_max_ms, answer_max_bytes = patched.answer_max_bytes,
      questions_per_day = patched.questions_per_day, disabled_at = patched.disabled_at
    from before cross join lateral jsonb_populate_record(before.whole, ${sql.placeholder("patch")}::jsonb) as patched
    where assistants.assistant_id = before.assistant_id
    returning assistants.*`);
  const statement = db
    .with(before, after)
    .select({ before: fieldsOf(before), after: fieldsOf(after) })
    .from(after)
    .innerJoin(before, sql`true`)
    .prepare("update_assistant");
  return async (slug, patch) => (await statement.execute({ slug, patch: JSON.stringify(patch) })).at(0);
}

/** Disables an assistant, and returns it. Undefined when there is none with that slug, and for the default one. */
export type DisableAssistant = (slug: string) => Promise<AssistantRow | undefined>;

export function prepareDisableAssistant(db: Db): DisableAssistant {
  const statement = db
    .update(assistants)
    .set({ disabledAt: sql`coalesce(disabled_at, now())` })
    .where(sql`slug = ${sql.placeholder("slug")} and assistant_id <> ${defaultAssistantId}`)
    .returning()
    .prepare("disable_assistant");
  return async (slug) => (await statement.execute({ slug })).at(0);
}
