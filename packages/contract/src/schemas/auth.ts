import { z } from "zod";
import { id, serverOk } from "./fields.ts";

export const signInInput = z.object({
  token: z.string().nullish().describe("Google ID token"),
});

export const nonceInput = z.strictObject({});

export const nonceOutput = z.object({
  nonce: z.string().describe("For the `nonce` of Google's sign-in; good for an hour and for one sign-in"),
});

const names = {
  given_name: z.string().nullable(),
  family_name: z.string().nullable(),
  picture: z.string().nullable().describe("Address of a picture"),
};

export const signInOutput = z.object({
  status: z.literal("successful"),
  email: z.string(),
  ...names,
});

export const meOutput = z.object({
  server: serverOk,
  content: z
    .array(z.object({ ...names, id: id("The user's id"), email: z.string() }))
    .length(1)
    .describe("The signed-in user, as a list of one"),
});

export const logoutOutput = z.object({ server: serverOk });
