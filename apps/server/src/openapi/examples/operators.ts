import type { Json } from "../convert-schemas.ts";
import { at, ids, type Example } from "./example.ts";

/** What people see of the assistant that every platform has. */
const shown = {
  slug: "deepbot",
  name: "Deepbot",
  description: "",
  greeting: "",
  suggestions: [],
  accepts: ["text"],
  online: false,
};

const more = {
  instructions: "",
  answer_max_ms: null,
  answer_max_bytes: null,
  questions_per_day: null,
  disabled_at: null,
};

const made = {
  slug: "poet",
  name: "The poet",
  description: "Answers in verse",
  greeting: "What shall I sing of?",
  suggestions: ["Of rivers"],
  instructions: "Answer in verse.",
};

const poet: Json = { ...shown, ...more, ...made, created_at: at(0) };

const key = {
  key_id: ids.key,
  name: "the poet's worker",
  prefix: "dbk_8sV3pQ",
  scopes: ["runs"],
  assistants: ["poet"],
  created_by: ids.user,
  created_at: at(0),
  expires_at: null,
  last_used_at: null,
  revoked_at: null,
};

/** What operators do, and what people see of it. */
export const operatorExamples: Readonly<Record<string, Example>> = {
  "assistants.list": { response: { assistants: [shown] } },
  "assistants.listAll": { response: { assistants: [{ ...shown, ...more, created_at: at(0) }] } },
  "assistants.create": { request: made, response: poet },
  "assistants.update": {
    parameters: { slug: "poet" },
    request: { questions_per_day: 50 },
    response: { ...poet, questions_per_day: 50 },
  },
  "assistants.disable": {
    parameters: { slug: "poet" },
    response: { ...poet, questions_per_day: 50, disabled_at: at(1) },
  },
  "keys.list": { response: { keys: [key] } },
  "keys.create": {
    request: { name: "the poet's worker", scopes: ["runs"], assistants: ["poet"] },
    response: { ...key, key: ids.serviceKey },
  },
  "keys.update": {
    parameters: { key_id: ids.key },
    request: { name: "another worker" },
    response: { ...key, name: "another worker" },
  },
  "keys.revoke": { parameters: { key_id: ids.key }, response: { key_id: ids.key } },
};
