import { z } from "zod";
import { limits } from "../limits.ts";
import { id, serverOk } from "./fields.ts";

export const signInInput = z.object({
  token: z.string().nullish().describe("Google ID token"),
});

export const nonceInput = z.strictObject({});

export const nonceOutput = z.object({
  nonce: z.string().meta({
    description: "For the `nonce` of Google's sign-in; good for an hour and for one sign-in",
    maxLength: limits.nonceMax,
  }),
});

export const personFields = {
  given_name: z.string().meta({ maxLength: limits.personNameMax }).nullable(),
  family_name: z.string().meta({ maxLength: limits.personNameMax }).nullable(),
  picture: z.string().meta({ description: "Address of a picture", maxLength: limits.pictureUrlMax }).nullable(),
};

export const email = z.string().meta({ description: "The e-mail address", maxLength: limits.emailMax });

export const signInOutput = z.object({
  status: z.literal("successful"),
  email,
  ...personFields,
});

export const meOutput = z.object({
  server: serverOk,
  content: z
    .array(z.object({ ...personFields, id: id("The user's id"), email }).meta({ id: "Person" }))
    .length(1)
    .describe("The signed-in user, as a list of one"),
});

export const logoutOutput = z.object({ server: serverOk });
