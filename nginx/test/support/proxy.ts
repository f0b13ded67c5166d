import { hostName, startProxyProcess, type ProxyOptions, type ProxyProcess } from "@deepbot/testing";
import { writePages } from "./pages.ts";
import { sendRequest, type HttpResponse, type RequestOptions } from "./requests.ts";

/** nginx with placeholder pages instead of the web client. */
export interface Proxy extends ProxyProcess {
  /** Over HTTPS to the served host name, with a verified certificate. */
  request: (path: string, options?: RequestOptions) => Promise<HttpResponse>;
}

export async function startProxy(options: Omit<ProxyOptions, "writePages">): Promise<Proxy> {
  const proxy = await startProxyProcess({ ...options, writePages });
  const site = { port: proxy.ports.https, certificate: proxy.certificate, host: hostName };
  return { ...proxy, request: (target, request) => sendRequest(site, target, request) };
}
