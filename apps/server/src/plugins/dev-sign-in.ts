import { randomUUID } from "node:crypto";
import type { FetchCertificates } from "@deepbot/api/server";
import { limits } from "@deepbot/contract";
import { TRPCError } from "@trpc/server";
import { exportSPKI, generateKeyPair, SignJWT } from "jose";
import { z } from "zod";
import { sendJson } from "../request/send.ts";
import type { Route } from "../request/routes.ts";

/** Audience of development tokens. No Google client id looks like it. */
export const devAudience = "deepbot-development";

const keyId = "development";

/** Body of `POST /dev/google-token`. */
const devTokenInput = z.strictObject({
  sub: z.string().regex(/^[\w.@-]{1,255}$/),
  email: z.email(),
  given_name: z.string().max(200).optional(),
  family_name: z.string().max(200).optional(),
  picture: z.string().max(2000).optional(),
});

/** Takes the place of Google during development: same tokens, same verifier, another key. */
export interface DevIssuer {
  fetchCertificates: FetchCertificates;
  /** An RS256 ID token in the shape of Google's, valid for an hour and for this process only. */
  mint: (person: z.infer<typeof devTokenInput>) => Promise<string>;
}

export async function createDevIssuer(): Promise<DevIssuer> {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const certificates = { [keyId]: await exportSPKI(publicKey) };
  return {
    fetchCertificates: async () => certificates,
    mint: ({ sub, ...claims }) =>
      // As Google does for accounts of an organisation.
      new SignJWT({ ...claims, email_verified: true, hd: claims.email.split("@").at(-1) })
        .setProtectedHeader({ alg: "RS256", kid: keyId, typ: "JWT" })
        .setIssuer("https://accounts.google.com")
        .setAudience(devAudience)
        .setSubject(sub)
        .setJti(randomUUID())
        .setIssuedAt()
        .setExpirationTime("1h")
        .sign(privateKey),
  };
}

/** `POST /dev/google-token` gives anybody an ID token. It exists only where the server is its own issuer. */
export function devSignInRoute({ mint }: DevIssuer): Route {
  return {
    name: "dev-sign-in",
    method: "POST",
    path: "/dev/google-token",
    bodyLimit: limits.bodyMaxBytes,
    readsBody: true,
    handle: async (request, { readBody }) => {
      const parsed = devTokenInput.safeParse(await readBody());
      if (!parsed.success) throw new TRPCError({ code: "UNPROCESSABLE_CONTENT", cause: parsed.error });
      sendJson(request, 200, { token: await mint(parsed.data) });
    },
  };
}
