import { readFileSync } from "node:fs";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, loadEnv, type Plugin, type ProxyOptions } from "vite";
import { firstScreenBudget } from "./vite/first-screen-budget.ts";

const repositoryRoot = "../..";

/** The policy that nginx sends with the pages: what was built is tried under the same. */
function contentSecurityPolicy(): string {
  const lines = readFileSync(`${repositoryRoot}/nginx/content-policy.txt`, "utf8").split("\n");
  return lines.filter((line) => line !== "" && !line.startsWith("#")).join("; ");
}

/** One line that says where to look, in place of Vite's list of addresses. */
function welcome(): Plugin {
  return {
    name: "welcome",
    configureServer: (server) => {
      server.printUrls = () => {
        const [url] = server.resolvedUrls?.local ?? [];
        server.config.logger.info(`\n  Deepbot   ${url?.replace(/\/$/, "")}   <- open this\n`);
      };
    },
  };
}

/** Passes on that the server has cut an answer, as nginx does; by itself the proxy would leave the browser waiting. */
function toServer(target: string): ProxyOptions {
  return {
    target,
    configure: (proxy) => {
      proxy.on("proxyRes", (answer, _request, response) => {
        answer.on("close", () => {
          if (!answer.complete) response.destroy();
        });
      });
    },
  };
}

export default defineConfig(({ mode, isPreview }) => {
  const env = loadEnv(mode, repositoryRoot, ["PORT", "WEB_PORT"]);
  const api = `http://127.0.0.1:${env["PORT"] ?? "8000"}`;
  const listen = {
    host: "localhost",
    port: Number(env["WEB_PORT"] ?? "5173"),
    strictPort: true,
    proxy: { "/trpc": toServer(api), "/dev/google-token": toServer(api) },
  };
  return {
    plugins: [react(), tailwindcss(), welcome(), firstScreenBudget(250)],
    clearScreen: false,
    server: listen,
    preview: isPreview ? { ...listen, headers: { "Content-Security-Policy": contentSecurityPolicy() } } : {},
    build: {
      target: ["chrome123", "edge123", "firefox121", "safari17.5"],
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
    },
  };
});
