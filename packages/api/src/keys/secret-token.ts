import { hash, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import { limits } from "@deepbot/contract";

export const serviceKeyPrefix = "dbk_";
export const personalTokenPrefix = "dbp_";
type Prefix = typeof serviceKeyPrefix | typeof personalTokenPrefix;

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const base = BigInt(digits.length);

/** 256 random bits need 43 digits in base 62, a CRC-32 needs 6. */
const secretLength = 43;
const checksumLength = 6;

function toBase62(value: bigint, length: number): string {
  let text = "";
  for (let rest = value; text.length < length; rest /= base) text = digits.charAt(Number(rest % base)) + text;
  return text;
}

const checksumOf = (body: string): string => toBase62(BigInt(crc32(body)), checksumLength);

export interface SecretToken {
  /** The secret itself: prefix, random digits, checksum. */
  secret: string;
  /** What is stored of it. */
  hash: string;
  /** What is shown of it later. */
  prefix: string;
}

export function hashOfSecret(secret: string): string {
  return hash("sha256", secret, "hex");
}

/** A new key or token in the form that scanners for leaked secrets can find. */
export function createSecretToken(prefix: Prefix): SecretToken {
  const body = prefix + toBase62(BigInt(`0x${randomBytes(32).toString("hex")}`), secretLength);
  const secret = body + checksumOf(body);
  return { secret, hash: hashOfSecret(secret), prefix: secret.slice(0, limits.keyPrefixMax) };
}

const form = /^[0-9A-Za-z]+$/;

/** Whether a text could be a key or token of ours. The checksum tells a mistyped one without a look at the database. */
export function isSecretToken(prefix: Prefix, text: string): boolean {
  if (!text.startsWith(prefix) || text.length !== prefix.length + secretLength + checksumLength) return false;
  if (!form.test(text.slice(prefix.length))) return false;
  return checksumOf(text.slice(0, -checksumLength)) === text.slice(-checksumLength);
}
