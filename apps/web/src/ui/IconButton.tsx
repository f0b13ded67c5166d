import { Tooltip } from "@base-ui/react/tooltip";
import type { ComponentProps, ReactNode } from "react";

interface IconButtonProps extends Omit<ComponentProps<"button">, "aria-label" | "className"> {
  /** Accessible name and tooltip. */
  label: string;
  variant?: keyof typeof variants;
  side?: "top" | "bottom" | "right";
}

const base =
  "inline-flex size-10 shrink-0 items-center justify-center transition-colors disabled:cursor-not-allowed disabled:opacity-55";

const variants = {
  quiet: "rounded-lg text-muted enabled:hover:bg-hover enabled:hover:text-ink",
  primary: "rounded-xl bg-accent text-on-accent enabled:hover:bg-accent-strong",
  floating: "rounded-full border border-line bg-raised shadow-md enabled:hover:bg-hover",
};

export function IconButton({
  label,
  side = "bottom",
  variant = "quiet",
  children,
  ...rest
}: IconButtonProps): ReactNode {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger
        render={<button type="button" aria-label={label} {...rest} className={`${base} ${variants[variant]}`} />}
      >
        {children}
      </Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Positioner side={side} sideOffset={6} className="z-50">
          <Tooltip.Popup className="rounded-md bg-ink px-2 py-1 text-xs text-canvas">{label}</Tooltip.Popup>
        </Tooltip.Positioner>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
