import { z } from "zod";
import { limits } from "../limits.ts";
import { serviceKeyScopes } from "../service-keys.ts";
import { shortText, text, timestamp, uuid } from "./fields.ts";

const scope = z
  .enum(serviceKeyScopes)
  .describe(
    "`runs`: claim and report; `legacy`: the original two operations, where a reply answers a question; `push`: messages that nobody asked for; `feedback` and `usage`: read them",
  );

const slug = text({ min: 1, max: 63, description: "Slug of an assistant" });

export const keyName = text({ min: 1, max: limits.keyNameMax, description: "For people, to tell keys apart" });

const scopes = z
  .array(scope)
  .min(1)
  .max(serviceKeyScopes.length)
  .refine((all) => new Set(all).size === all.length)
  .describe("What the key may do");

const assistants = z
  .array(slug)
  .min(1)
  .max(limits.keyAssistantsMax)
  .nullable()
  .describe("Slugs of the assistants whose runs the key reaches; null means all");

export const lifeInDays = z
  .int()
  .min(1)
  .max(limits.keyLifeMaxDays)
  .nullable()
  .describe("Days from now until it expires; null means never");

const keyFields = {
  key_id: uuid("Id of the key"),
  name: shortText("For people, to tell keys apart", limits.keyNameMax),
  prefix: shortText("The beginning of the key", limits.keyPrefixMax),
  scopes: z.array(scope).meta({ description: "What the key may do", maxItems: serviceKeyScopes.length }),
  assistants: z
    .array(shortText("Slug of an assistant", limits.assistantSlugMax))
    .meta({ maxItems: limits.keyAssistantsMax })
    .nullable()
    .describe("Slugs of its assistants; null means all"),
  created_by: z.int().nullable().describe("Id of the operator who made it; null once that account is deleted"),
  created_at: timestamp("When it was made"),
  expires_at: timestamp("When it expires").nullable(),
  last_used_at: timestamp("When it was used last, exact to a minute").nullable(),
  revoked_at: timestamp("When it was revoked").nullable(),
};

const serviceKey = z.object(keyFields).meta({ id: "ServiceKey" });

export type WireServiceKey = z.infer<typeof serviceKey>;

export const listKeysOutput = z.object({
  keys: z
    .array(serviceKey)
    .meta({ description: "Live ones first, of each the newest first; a thousand at most", maxItems: limits.keysShown }),
});

export const createKeyInput = z.strictObject({
  name: keyName,
  scopes,
  assistants: assistants.default(null),
  expires_in_days: lifeInDays.default(null),
});

export const createKeyOutput = z
  .object({
    ...keyFields,
    key: shortText("The key itself. It is shown this once and cannot be read again", limits.keyMax),
  })
  .meta({ id: "NewServiceKey" });

export const updateKeyInput = z.strictObject({
  key_id: uuid("Id of the key"),
  name: keyName.optional(),
  scopes: scopes.optional(),
  assistants: assistants.optional(),
  expires_in_days: lifeInDays.optional(),
});

export const updateKeyOutput = serviceKey;

export const revokeKeyInput = z.strictObject({ key_id: uuid("Id of the key") });

export const revokeKeyOutput = z.object({ key_id: uuid("Id of the key that was revoked") });
