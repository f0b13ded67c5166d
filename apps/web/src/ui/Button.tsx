import { LoaderCircle } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";
import { buttonStyle, type ButtonVariant } from "./button-style.ts";

interface ButtonProps extends ComponentProps<"button"> {
  variant?: ButtonVariant;
  /** Shows a spinner and ignores clicks. Unlike a disabled button, it keeps the focus. */
  busy?: boolean;
}

export function Button({ variant = "secondary", busy = false, children, onClick, ...rest }: ButtonProps): ReactNode {
  return (
    <button
      type="button"
      aria-busy={busy}
      {...rest}
      onClick={busy ? (event) => event.preventDefault() : onClick}
      className={`${buttonStyle(variant)} ${rest.className ?? ""}`}
    >
      {busy && <LoaderCircle aria-hidden className="size-4 animate-spin" />}
      {children}
    </button>
  );
}
