import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTRPC } from "../api/trpc.ts";
import { useAppServices } from "./app-services.ts";

const probeIntervalMs = 2_000;

/**
 * Probes the server while it cannot be reached, and reloads everything on the screen once it is back. The browser's
 * online and offline events are not proof of anything; each only triggers a probe.
 */
export function useConnectionProbe(): void {
  const { connection } = useAppServices();
  const queryClient = useQueryClient();
  const trpc = useTRPC();
  useEffect(() => {
    const { queryKey } = trpc.auth.me.queryFilter();
    const probe = (): void => void queryClient.refetchQueries({ queryKey }, { cancelRefetch: false });
    let timer: ReturnType<typeof setInterval> | undefined;
    const onChange = (): void => {
      clearInterval(timer);
      if (connection.get() === "reached") {
        void queryClient.invalidateQueries();
        return;
      }
      probe();
      timer = setInterval(probe, probeIntervalMs);
    };
    const unsubscribe = connection.subscribe(onChange);
    window.addEventListener("online", probe);
    window.addEventListener("offline", probe);
    return () => {
      clearInterval(timer);
      unsubscribe();
      window.removeEventListener("online", probe);
      window.removeEventListener("offline", probe);
    };
  }, [connection, queryClient, trpc]);
}
