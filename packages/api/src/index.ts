import type { inferRouterInputs, inferRouterOutputs } from "@trpc/server";
import type { AppRouter } from "./routers/index.ts";

export type { AppRouter };
export type { ErrorCode } from "./error-map.ts";
export type { InputFault } from "./issue-texts.ts";
export type { Problem } from "./problem.ts";

export type Inputs = inferRouterInputs<AppRouter>;
export type Outputs = inferRouterOutputs<AppRouter>;
