import type { ReactNode } from "react";

/** The mark; what stands beside it gives the name. */
export function Logo({ className = "size-8" }: { className?: string }): ReactNode {
  return <img src="/favicon.svg" alt="" className={className} />;
}
