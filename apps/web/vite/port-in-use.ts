import type { Plugin } from "vite";

/** Replaces the stack trace that Vite prints for a taken port with one sentence that names the setting. */
export function portInUse(setting: string): Plugin {
  return {
    name: "port-in-use",
    apply: "serve",
    configureServer: (server) => {
      const listen = server.listen.bind(server);
      server.listen = async (...parameters) => {
        try {
          return await listen(...parameters);
        } catch (error) {
          const { port, strictPort } = server.config.server;
          if (!strictPort || !(error instanceof Error) || !error.message.includes("already in use")) throw error;
          server.config.logger.error(
            `Port ${port} is already in use. Set ${setting} to a free port, or free this one.`,
          );
          process.exit(1);
        }
      };
    },
  };
}
