import { z } from "zod";
import { timestamp, uuid } from "./fields.ts";
import { keyName, lifeInDays } from "./service-keys.ts";

export const personalToken = z.object({
  token_id: z.uuid().describe("Id of the token"),
  name: z.string(),
  prefix: z.string().describe("The beginning of the token"),
  created_at: timestamp("When it was made"),
  expires_at: timestamp("When it expires").nullable(),
  last_used_at: timestamp("When it was used last, exact to a minute").nullable(),
});

export const listTokensOutput = z.object({
  tokens: z.array(personalToken).describe("The newest first"),
});

export const createTokenInput = z.strictObject({ name: keyName, expires_in_days: lifeInDays.default(null) });

export const createTokenOutput = personalToken.extend({
  token: z.string().describe("The token itself. It is shown this once and cannot be read again"),
});

export const endTokenInput = z.strictObject({ token_id: uuid("Id of the token") });

export const endTokenOutput = z.object({ token_id: z.uuid().describe("Id of the token that has ended") });
