import type { ReactNode } from "react";
import { Logo } from "./Logo.tsx";

export function EmptyState({
  title,
  text,
  children,
}: {
  title: string;
  text?: string;
  children?: ReactNode;
}): ReactNode {
  return (
    <div className="m-auto flex max-w-md flex-col items-center gap-3 p-6 text-center">
      <Logo className="mb-1 size-12" />
      <h2 className="text-xl font-semibold">{title}</h2>
      {text !== undefined && <p className="text-muted">{text}</p>}
      {children}
    </div>
  );
}
