import {
  assistantOutput,
  createAssistantInput,
  disableAssistantInput,
  listAllAssistantsOutput,
  listAssistantsOutput,
  updateAssistantInput,
} from "@deepbot/contract";
import { adminProcedure, personProcedure, router, sync } from "../trpc.ts";
import { toPatch, toShownAssistant, toWireAssistant } from "./wire.ts";

export const assistantsRouter = router({
  list: personProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/assistants",
        tags: ["dialogs"],
        summary: "List the assistants",
        description: "Whom a dialog can be with. Disabled ones are left out.",
      },
    })
    .output(sync(listAssistantsOutput))
    .query(async ({ ctx }) => ({ assistants: (await ctx.useCases.assistants.list()).map(toShownAssistant) })),

  listAll: adminProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/operator/assistants",
        tags: ["operator"],
        summary: "List all assistants",
        description: "Includes disabled assistants and the fields that only operators and workers see.",
      },
    })
    .output(sync(listAllAssistantsOutput))
    .query(async ({ ctx }) => ({ assistants: (await ctx.useCases.assistants.listAll()).map(toWireAssistant) })),

  create: adminProcedure
    .meta({
      rateLimit: "change",
      openapi: {
        method: "POST",
        path: "/operator/assistants",
        tags: ["operator"],
        summary: "Create an assistant",
        description: "Workers get its runs by its slug, with keys that reach it.",
      },
      errors: ["assistant_limit", "assistant_slug_taken"],
      status: 201,
    })
    .input(sync(createAssistantInput))
    .output(sync(assistantOutput))
    .mutation(async ({ ctx, input }) => {
      const { answer_max_ms: answerMaxMs, answer_max_bytes: answerMaxBytes, questions_per_day, ...texts } = input;
      const assistant = { ...texts, answerMaxMs, answerMaxBytes, questionsPerDay: questions_per_day };
      return toWireAssistant(await ctx.useCases.assistants.create(ctx.user.userId, assistant));
    }),

  update: adminProcedure
    .meta({
      rateLimit: "change",
      openapi: {
        method: "PATCH",
        path: "/operator/assistants/{slug}",
        tags: ["operator"],
        summary: "Change an assistant",
        description:
          "Changes what is given and keeps the rest. With `new_slug` its dialogs, keys and workers stay with it. The new instructions and limits hold for runs that are claimed, and questions that are asked, from then on.",
      },
      errors: ["assistant_not_found", "assistant_slug_taken", "assistant_fixed"],
    })
    .input(sync(updateAssistantInput))
    .output(sync(assistantOutput))
    .mutation(async ({ ctx, input: { slug, ...changes } }) =>
      toWireAssistant(await ctx.useCases.assistants.update(ctx.user.userId, slug, toPatch(changes))),
    ),

  disable: adminProcedure
    .meta({
      rateLimit: "change",
      openapi: {
        method: "DELETE",
        path: "/operator/assistants/{slug}",
        tags: ["operator"],
        summary: "Disable an assistant",
        description:
          "It takes no new questions. Queued ones may still be answered, and its dialogs can be read. `PATCH` with `disabled: false` lets it take questions again.",
      },
      errors: ["assistant_not_found", "assistant_fixed"],
    })
    .input(sync(disableAssistantInput))
    .output(sync(assistantOutput))
    .mutation(async ({ ctx, input }) =>
      toWireAssistant(await ctx.useCases.assistants.disable(ctx.user.userId, input.slug)),
    ),
});
