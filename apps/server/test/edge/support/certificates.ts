import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createSign, generateKeyPairSync } from "node:crypto";

/** Stands in for Google: keys, the address that serves them, and tokens signed with them. */
export interface FakeGoogle {
  url: string;
  /** How often the certificates were asked for. */
  fetches: () => number;
  /** From now on the certificates are answered by this. */
  answerWith: (answer: (res: ServerResponse) => void) => void;
  /** From now on they are answered as they should be. */
  recover: () => void;
  sign: (claims: Record<string, unknown>) => string;
  close: () => Promise<void>;
}

export const clientId = "client-of-tests.apps.googleusercontent.com";

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Claims as Google makes them for a person. */
export function googleClaims(more: Record<string, unknown> = {}): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: "https://accounts.google.com",
    aud: clientId,
    sub: "1234567890",
    email: "ann@example.com",
    email_verified: true,
    given_name: "Ann",
    iat: now,
    exp: now + 3600,
    ...more,
  };
}

export async function startFakeGoogle(): Promise<FakeGoogle> {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const certificates = JSON.stringify({ k1: publicKey.export({ type: "spki", format: "pem" }) });
  const answerWell = (res: ServerResponse): void => {
    res.writeHead(200, { "Content-Type": "application/json" });
    res.end(certificates);
  };
  let answer = answerWell;
  let fetches = 0;
  const server = createServer((_req, res) => {
    fetches += 1;
    answer(res);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/certs`,
    fetches: () => fetches,
    answerWith: (next) => {
      answer = next;
    },
    recover: () => {
      answer = answerWell;
    },
    sign: (claims) => {
      const signed = `${encode({ alg: "RS256", kid: "k1", typ: "JWT" })}.${encode(claims)}`;
      return `${signed}.${createSign("sha256").update(signed).sign(privateKey, "base64url")}`;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
