import { readFileSync } from "node:fs";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, loadEnv, type Plugin, type ProxyOptions } from "vite";
import { firstScreenBudget } from "./vite/first-screen-budget.ts";
import { portInUse } from "./vite/port-in-use.ts";

const repositoryRoot = "../..";

/** The policy that nginx sends with the pages, so that a preview of the build runs under it too. */
function contentSecurityPolicy(): string {
  const lines = readFileSync(`${repositoryRoot}/nginx/content-policy.txt`, "utf8").split("\n");
  return lines.filter((line) => line !== "" && !line.startsWith("#")).join("; ");
}

/** Prints the address of the pages in one line instead of Vite's list. */
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

/** Breaks the connection to the browser when the server breaks its own, as nginx does. Vite's proxy would keep it open. */
function toServer(target: string): ProxyOptions {
  return {
    target,
    configure: (proxy) => {
      proxy.on("proxyRes", (upstream, _request, response) => {
        upstream.on("close", () => {
          if (!upstream.complete) response.destroy();
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
    plugins: [react(), tailwindcss(), welcome(), portInUse("WEB_PORT"), firstScreenBudget(250)],
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
