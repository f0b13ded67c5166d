import type { ReactNode } from "react";

/** Decorative: the product's name is always in the text beside it. */
export function Logo({ className = "size-8" }: { className?: string }): ReactNode {
  return <img src="/favicon.svg" alt="" className={className} />;
}
