import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { testKeys } from "@deepbot/testing";

type Json = Record<string, unknown>;

const encode = (value: Json | string | Buffer): string =>
  Buffer.from(typeof value === "string" || Buffer.isBuffer(value) ? value : JSON.stringify(value)).toString(
    "base64url",
  );

const hashes: Readonly<Record<string, string>> = { HS256: "sha256", HS384: "sha384", HS512: "sha512" };

/** A JWT signed with HMAC; with the server's own secret unless given another. */
export function signHmac(
  claims: Json,
  options: { algorithm?: string; secret?: string | Buffer; header?: Json } = {},
): string {
  const { algorithm = "HS256", secret = testKeys.jwt, header = {} } = options;
  const signed = `${encode({ alg: algorithm, typ: "JWT", ...header })}.${encode(claims)}`;
  const signature = createHmac(hashes[algorithm] ?? "sha256", secret)
    .update(signed)
    .digest();
  return `${signed}.${encode(signature)}`;
}

/** A JWT without a signature. */
export function unsigned(claims: Json, algorithm = "none"): string {
  return `${encode({ alg: algorithm, typ: "JWT" })}.${encode(claims)}.`;
}

/** A JWT signed with an RSA key made for it. */
export function signRsa(claims: Json): string {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const signed = `${encode({ alg: "RS256", typ: "JWT" })}.${encode(claims)}`;
  return `${signed}.${encode(sign("sha256", Buffer.from(signed), privateKey))}`;
}

/** The claims of a JWT, unchecked. */
export function claimsOf(token: string): Json {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as Json;
}

/** Every token that differs from the given one in one bit of one character. */
export function flipEachBit(token: string): string[] {
  const characters = Array.from(token, (character) => character.charCodeAt(0));
  return characters.flatMap((code, at) =>
    [0, 1, 2, 3, 4, 5, 6].map(
      (bit) => token.slice(0, at) + String.fromCharCode(code ^ (1 << bit)) + token.slice(at + 1),
    ),
  );
}

/** Whether the parts of two tokens are the same bytes, written differently: the last character has spare bits. */
export function saysTheSame(one: string, other: string): boolean {
  const [head, signature] = splitSignature(one);
  const [otherHead, otherSignature] = splitSignature(other);
  return head === otherHead && Buffer.from(signature, "base64url").equals(Buffer.from(otherSignature, "base64url"));
}

function splitSignature(token: string): [string, string] {
  const at = token.lastIndexOf(".");
  return [token.slice(0, at), token.slice(at + 1)];
}
