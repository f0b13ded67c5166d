import { hash, randomBytes } from "node:crypto";

/** Marks nonces of ours. A front end of somebody else's may pass nonces of its own to Google. */
const prefix = "deepbot_";

const form = /^deepbot_[\w-]{32}$/;

/** The nonce that the browser has already, so that tabs with a sign-in page share one, or a new one. */
export function keepOrCreateNonce(current: string | undefined): string {
  return current !== undefined && form.test(current) ? current : prefix + randomBytes(24).toString("base64url");
}

/**
 * Whether an ID token was made for the browser that presents it. A browser that got a nonce of ours must present a token
 * with it, and a token with a nonce of ours is good in that browser only.
 */
export function fitsBrowser(claimed: string | null, ofBrowser: string | undefined): boolean {
  const isBound = ofBrowser !== undefined || claimed?.startsWith(prefix) === true;
  return !isBound || claimed === ofBrowser;
}

const digest = (text: string): string => hash("sha256", text, "hex");

/**
 * What a sign-in uses up: the ID token and its nonce. Of the token only the signed part counts: its signature can be written
 * in more than one way.
 */
export function hashesOf(idToken: string, nonce: string | null): string[] {
  const signed = idToken.slice(0, idToken.lastIndexOf("."));
  return [digest(signed), ...(nonce?.startsWith(prefix) === true ? [digest(nonce)] : [])];
}
