export type ButtonVariant = "primary" | "secondary" | "quiet" | "danger";

const base =
  "inline-flex min-h-10 items-center justify-center gap-2 rounded-lg px-4 py-2 text-sm font-medium transition-colors disabled:cursor-not-allowed disabled:opacity-55";

const variants: Readonly<Record<ButtonVariant, string>> = {
  primary: "bg-accent text-on-accent enabled:hover:bg-accent-strong",
  secondary: "border border-line bg-raised enabled:hover:bg-hover",
  quiet: "enabled:hover:bg-hover",
  danger: "bg-danger text-on-danger enabled:hover:bg-danger-strong",
};

export function buttonStyle(variant: ButtonVariant): string {
  return `${base} ${variants[variant]}`;
}
