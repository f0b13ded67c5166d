import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { freePort } from "@deepbot/testing";
import { exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey, type JWTPayload } from "jose";

export const clientId = "deepbot-tests.apps.googleusercontent.com";

const keyId = "google-key";

export interface MintOptions {
  /** Added to those of a good token; undefined takes one away. */
  claims?: Readonly<Record<string, unknown>>;
  kid?: string;
  /** Whose key signs; Google's if absent. */
  key?: "foreign" | "none" | "public-as-secret";
}

/** Stands in for Google: its certificates over HTTP and its tokens. */
export interface Google {
  certificatesUrl: string;
  /** Where nothing answers. */
  deadUrl: string;
  mint: (options: MintOptions) => Promise<string>;
  stop: () => Promise<void>;
}

function claimsOf(changes: MintOptions["claims"]): JWTPayload {
  const now = Math.floor(Date.now() / 1000);
  const good = {
    iss: "https://accounts.google.com",
    aud: clientId,
    sub: "1234567890",
    email: "anna@example.com",
    email_verified: true,
    jti: randomUUID(),
    iat: now,
    exp: now + 3600,
  };
  return JSON.parse(JSON.stringify({ ...good, ...changes })) as JWTPayload;
}

async function serveCertificates(pem: string): Promise<{ url: string; stop: () => Promise<void> }> {
  const server = createServer((_, res) => {
    res.setHeader("Content-Type", "application/json");
    res.end(JSON.stringify({ [keyId]: pem }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/certs`,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

function sign(claims: JWTPayload, kid: string, key: CryptoKey): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: "RS256", kid, typ: "JWT" }).sign(key);
}

export async function startGoogle(): Promise<Google> {
  const own = await generateKeyPair("RS256");
  const foreign = await generateKeyPair("RS256");
  const pem = await exportSPKI(own.publicKey);
  const { url, stop } = await serveCertificates(pem);
  return {
    certificatesUrl: url,
    deadUrl: `http://127.0.0.1:${await freePort()}/certs`,
    mint: async ({ claims: changes, kid = keyId, key }) => {
      const claims = claimsOf(changes);
      if (key === "none") return new UnsecuredJWT(claims).encode();
      if (key === "public-as-secret") {
        return new SignJWT(claims).setProtectedHeader({ alg: "HS256", kid }).sign(new TextEncoder().encode(pem));
      }
      return sign(claims, kid, key === "foreign" ? foreign.privateKey : own.privateKey);
    },
    stop,
  };
}
