import { z } from "zod";
import { limits } from "../limits.ts";
import { shortText, timestamp, uuid } from "./fields.ts";
import { keyName, lifeInDays } from "./service-keys.ts";

const tokenFields = {
  token_id: uuid("Id of the token"),
  name: shortText("For the person, to tell tokens apart", limits.keyNameMax),
  prefix: shortText("The beginning of the token", limits.keyPrefixMax),
  created_at: timestamp("When it was made"),
  expires_at: timestamp("When it expires").nullable(),
  last_used_at: timestamp("When it was used last, exact to a minute").nullable(),
};

export const personalToken = z.object(tokenFields).meta({ id: "PersonalToken" });

export const listTokensOutput = z.object({
  tokens: z.array(personalToken).meta({ description: "The newest first", maxItems: limits.personalTokensMax }),
});

export const createTokenInput = z.strictObject({ name: keyName, expires_in_days: lifeInDays.default(null) });

export const createTokenOutput = z
  .object({
    ...tokenFields,
    token: shortText("The token itself. It is shown this once and cannot be read again", limits.keyMax),
  })
  .meta({ id: "NewPersonalToken" });

export const endTokenInput = z.strictObject({ token_id: uuid("Id of the token") });

export const endTokenOutput = z.object({ token_id: uuid("Id of the token that has ended") });
