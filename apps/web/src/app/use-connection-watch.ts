import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTRPC } from "../api/trpc.ts";
import { useServices } from "./services.ts";

/** How often a platform that cannot be reached is tried. */
const probeIntervalMs = 2_000;

/**
 * Looks for the platform while it cannot be reached, and asks for everything on the screen anew once it is back. The
 * browser's own events only say when a look is worth while.
 */
export function useConnectionWatch(): void {
  const { connection } = useServices();
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
