import { defaultSettings, type RatePolicy, type Settings } from "@deepbot/api/server";
import { whole } from "@deepbot/runtime";
import { z } from "zod";
import { parseAddressRange, type AddressRange } from "../request/client-address.ts";

const { rateLimits: defaults } = defaultSettings;

const rate = (policy: RatePolicy) => whole(1, 100_000_000).default(defaults[policy]);

/** A wider range than the widest of private addresses, `fc00::/7`, would trust strangers. */
const minPrefix = 7;

const ranges = z.string().transform((text, context): AddressRange[] =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter(Boolean)
    .flatMap((item) => {
      const range = parseAddressRange(item);
      if (range !== undefined && range[1] >= minPrefix) return [range];
      const message = `must be addresses or ranges of at least /${minPrefix}, such as 10.0.0.0/8, separated by commas`;
      context.addIssue({ code: "custom", message });
      return [];
    }),
);

/** Settings about how much a caller may ask for. */
export const rateLimitSettings = {
  TRUSTED_PROXIES: ranges.default([]),
  SERVER_COUNT: whole(1, 1_000).default(defaultSettings.servers),
  RATE_SIGN_INS_PER_MINUTE: rate("sign_in"),
  RATE_PUBLIC_PER_MINUTE: rate("public"),
  RATE_REFUSALS_PER_MINUTE: rate("refused"),
  RATE_SENDS_PER_MINUTE: rate("send"),
  RATE_CHANGES_PER_MINUTE: rate("change"),
  RATE_EXPORTS_PER_HOUR: rate("export"),
  RATE_READS_PER_MINUTE: rate("read"),
  RATE_CLAIMS_PER_MINUTE: rate("claim"),
  RATE_REPORTS_PER_MINUTE: rate("report"),
  RATE_OPERATORS_PER_MINUTE: rate("operator"),
};

type Values = z.output<z.ZodObject<typeof rateLimitSettings>>;

export function readRateLimits(values: Values): Pick<Settings, "rateLimits" | "servers"> {
  return {
    servers: values.SERVER_COUNT,
    rateLimits: {
      sign_in: values.RATE_SIGN_INS_PER_MINUTE,
      public: values.RATE_PUBLIC_PER_MINUTE,
      refused: values.RATE_REFUSALS_PER_MINUTE,
      send: values.RATE_SENDS_PER_MINUTE,
      change: values.RATE_CHANGES_PER_MINUTE,
      export: values.RATE_EXPORTS_PER_HOUR,
      read: values.RATE_READS_PER_MINUTE,
      claim: values.RATE_CLAIMS_PER_MINUTE,
      report: values.RATE_REPORTS_PER_MINUTE,
      operator: values.RATE_OPERATORS_PER_MINUTE,
    },
  };
}
