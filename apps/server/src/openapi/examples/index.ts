import { dialogExamples } from "./dialogs.ts";
import type { Example } from "./example.ts";
import { operatorExamples } from "./operators.ts";
import { peopleExamples } from "./people.ts";
import { runExamples } from "./runs.ts";
import { webhookExamples } from "./webhooks.ts";

/** An example of every operation, by the name of its procedure. */
export const examples: Readonly<Record<string, Example>> = {
  ...peopleExamples,
  ...operatorExamples,
  ...webhookExamples,
  ...dialogExamples,
  ...runExamples,
};
