import { isIP } from "node:net";
import { limits } from "@deepbot/contract";
import { AppError } from "../app-error.ts";
import { isPublicAddress } from "./sending/addresses.ts";

interface UrlRules {
  allowHttp: boolean;
  allowPrivate: boolean;
}

/**
 * The address in its usual form. Where its name leads is checked with each connection.
 *
 * @throws {AppError} `webhook_url_refused`
 */
export function parseWebhookUrl(text: string, { allowHttp, allowPrivate }: UrlRules): string {
  const url = URL.parse(text);
  const isAllowed = url?.protocol === "https:" || (allowHttp && url?.protocol === "http:");
  if (url === null || !isAllowed || url.username !== "" || url.password !== "")
    throw new AppError("webhook_url_refused");
  const host = url.hostname.replaceAll(/[[\]]/g, "");
  if (!allowPrivate && isIP(host) !== 0 && !isPublicAddress(host)) throw new AppError("webhook_url_refused");
  url.hash = "";
  // It may have grown: what is not ASCII becomes longer.
  if (url.href.length > limits.webhookUrlMax) throw new AppError("webhook_url_refused");
  return url.href;
}
