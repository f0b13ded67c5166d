import { toProblem, EdgeError } from "@deepbot/api/server";
import { TRPCError } from "@trpc/server";
import { devTokenInput, type DevIssuer } from "../dev-issuer.ts";
import { bodyLimit, checkBodyHeaders, parseJson, readText } from "./body.ts";
import type { Exchange } from "./exchange.ts";
import { sendJson, sendProblem } from "./respond.ts";

export const devTokenPath = "/dev/google-token";

/** `POST /dev/google-token`: an ID token for whoever asks. Routed only where the server is its own issuer. */
export async function answerDevToken(exchange: Exchange, issuer: DevIssuer): Promise<void> {
  const { req, headers, method, locale, requestId } = exchange;
  if (method !== "POST") {
    headers["Allow"] = "POST";
    throw new EdgeError("method_not_allowed");
  }
  checkBodyHeaders(req, bodyLimit);
  const parsed = devTokenInput.safeParse(parseJson(await readText(req, bodyLimit)));
  if (parsed.success) {
    sendJson(exchange, 200, { token: await issuer.mint(parsed.data) });
    return;
  }
  const refusal = new TRPCError({ code: "UNPROCESSABLE_CONTENT", cause: parsed.error });
  sendProblem(exchange, toProblem(refusal, { locale, requestId }));
}
