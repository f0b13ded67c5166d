/** Runs `work` once the lane of its user has room. */
export type InLane = <Result>(userId: number, work: () => Promise<Result>) => Promise<Result>;

/** Lets `perUser` things of each user run at once; the others of that user wait in line. The caller bounds the line. */
export function createUserLanes(perUser: number): InLane {
  const lanes = new Map<number, { running: number; waiting: (() => void)[] }>();

  const enter = async (userId: number): Promise<void> => {
    const lane = lanes.get(userId) ?? { running: 0, waiting: [] };
    lanes.set(userId, lane);
    if (lane.running < perUser) lane.running += 1;
    else await new Promise<void>((resolve) => lane.waiting.push(resolve));
  };
  const leave = (userId: number): void => {
    const lane = lanes.get(userId);
    const next = lane?.waiting.shift();
    if (lane === undefined || next !== undefined) return next?.();
    lane.running -= 1;
    if (lane.running === 0) lanes.delete(userId);
  };

  return async (userId, work) => {
    await enter(userId);
    try {
      return await work();
    } finally {
      leave(userId);
    }
  };
}
