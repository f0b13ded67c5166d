import type { AttemptResult } from "@deepbot/db";
import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { untilAborted } from "../../shared/until-aborted.ts";
import { isPublicAddress } from "./addresses.ts";
import { createResolve, type Resolve } from "./resolve.ts";

/** What of a response is read, so that its sender can finish. None of it is kept. */
const responseMaxBytes = 16 * 1024;

export interface WebhookRequest {
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string;
}

/** Posts once. It never throws: what went wrong is a word in the result. */
export type SendWebhook = (request: WebhookRequest, stop: AbortSignal) => Promise<AttemptResult>;

export interface SendOptions {
  /** For a whole attempt. */
  timeoutMs: number;
  allowPrivate: boolean;
  /** Finds the addresses of a host. */
  resolve?: Resolve;
}

class AddressRefused extends Error {}
class NameUnresolved extends Error {}

/**
 * Looks a host up for the very connection that is being made, so that a name cannot lead elsewhere after it was checked. One
 * bad address refuses the name.
 */
function createGuardedLookup({ allowPrivate, resolve = createResolve() }: SendOptions): LookupFunction {
  return (hostname, options, callback) => {
    const connect = (addresses: Awaited<ReturnType<Resolve>>): void => {
      const [first] = addresses;
      const isRefused = !allowPrivate && addresses.some(({ address }) => !isPublicAddress(address));
      if (isRefused || first === undefined) callback(isRefused ? new AddressRefused() : new NameUnresolved(), "", 0);
      else if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    };
    void resolve(hostname).then(connect, () => callback(new NameUnresolved(), "", 0));
  };
}

const words: readonly [RegExp, string][] = [
  [/^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|UNABLE_TO|SELF_SIGNED|HOSTNAME_MISMATCH|EPROTO)/, "tls"],
  [/^HPE_/, "malformed"],
];

function wordOf(error: unknown): string {
  if (error instanceof AddressRefused) return "address_refused";
  if (error instanceof NameUnresolved) return "dns";
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return words.find(([form]) => form.test(code))?.[1] ?? "connection";
}

function wordOfStatus(status: number): string | null {
  if (status >= 200 && status < 300) return null;
  return status >= 300 && status < 400 ? "redirect" : "status";
}

/** Reads the beginning of a body. Its status is what counts, so a body that breaks off or never ends is no failure. */
async function readAway(response: IncomingMessage): Promise<void> {
  let size = 0;
  try {
    for await (const piece of response.iterator() as AsyncIterable<Buffer>) {
      size += piece.length;
      if (size > responseMaxBytes) return;
    }
  } catch {
    response.destroy();
  }
}

/** Sends webhooks: no redirects, no connection for longer than one request, and no address that is not public. */
export function createSendWebhook(options: SendOptions): SendWebhook {
  const guardedLookup = createGuardedLookup(options);

  const post = ({ url, headers, body }: WebhookRequest, signal: AbortSignal): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const target = new URL(url);
      const host = target.hostname.replaceAll(/[[\]]/g, "");
      // Nobody looks an address up.
      if (!options.allowPrivate && isIP(host) !== 0 && !isPublicAddress(host)) throw new AddressRefused();
      const { request } = target.protocol === "https:" ? https : http;
      const length = { "content-length": Buffer.byteLength(body) };
      const settings = {
        method: "POST",
        headers: { ...headers, ...length },
        agent: false,
        lookup: guardedLookup,
        signal,
      };
      const sent = request(target, settings, resolve);
      // Without this, Node closes the connection and the request neither responds nor fails.
      sent.on("upgrade", (response, socket) => {
        socket.destroy();
        resolve(response.destroy());
      });
      sent.on("error", reject);
      sent.on("close", () => reject(new Error("The connection was closed before a response came.")));
      sent.end(body);
    });

  return async (request, stop) => {
    const startedAt = performance.now();
    const expired = AbortSignal.timeout(options.timeoutMs);
    const result = (status: number | null, error: string | null): AttemptResult => ({
      status,
      error,
      durationMs: Math.round(performance.now() - startedAt),
    });
    try {
      const signal = AbortSignal.any([expired, stop]);
      const response = await untilAborted(post(request, signal), signal);
      await untilAborted(readAway(response), signal).catch(() => response.destroy());
      const status = response.statusCode ?? 0;
      return result(status, wordOfStatus(status));
    } catch (error) {
      if (stop.aborted) return result(null, "stopped");
      return result(null, expired.aborted ? "timeout" : wordOf(error));
    }
  };
}
