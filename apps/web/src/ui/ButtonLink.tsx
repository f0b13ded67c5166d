import type { ReactNode } from "react";
import { Link } from "wouter";
import { buttonStyle } from "./button-style.ts";

export function ButtonLink({ href, children }: { href: string; children: ReactNode }): ReactNode {
  return (
    <Link href={href} className={`${buttonStyle("secondary")} hover:bg-hover`}>
      {children}
    </Link>
  );
}
