import type { updateAssistantInput, WireAssistant, WireShownAssistant } from "@deepbot/contract";
import type { AssistantPatch, AssistantRow } from "@deepbot/db";
import type { z } from "zod";

/** An assistant, and whether a worker is there to answer. */
export type ShownAssistant = AssistantRow & { isOnline: boolean };

/** What people see of an assistant. */
export function toShownAssistant(assistant: ShownAssistant): WireShownAssistant {
  const { slug, name, description, greeting, suggestions, accepts, isOnline } = assistant;
  return { slug, name, description, greeting, suggestions, accepts, online: isOnline };
}

/** What operators see of it. */
export function toWireAssistant(assistant: ShownAssistant): WireAssistant {
  return {
    ...toShownAssistant(assistant),
    instructions: assistant.instructions,
    answer_max_ms: assistant.answerMaxMs,
    answer_max_bytes: assistant.answerMaxBytes,
    questions_per_day: assistant.questionsPerDay,
    created_at: assistant.createdAt.toISOString(),
    disabled_at: assistant.disabledAt?.toISOString() ?? null,
  };
}

/** The columns that a request changes. */
export function toPatch(input: Omit<z.output<typeof updateAssistantInput>, "slug">): AssistantPatch {
  const { new_slug: slug, disabled, ...columns } = input;
  return {
    ...columns,
    ...(slug === undefined ? {} : { slug }),
    ...(disabled === undefined ? {} : { disabled_at: null }),
  };
}
