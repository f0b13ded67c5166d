import type { AppRouter, Outputs } from "@deepbot/api";
import type { TRPCClient } from "@trpc/client";

// The published package has a module of the same name with these types written out: scripts/wire-types.ts.

/** The platform's procedures, fully typed. */
export type Client = TRPCClient<AppRouter>;

/** A run as a claim returns it: its ids, its lease and the dialog so far, whose last message is the question. */
export type ClaimedRun = Outputs["worker"]["claim"]["runs"][number];

export type { ErrorCode, FailureClass, RunEvent, RunState, WireRun } from "@deepbot/contract";
