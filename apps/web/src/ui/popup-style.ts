export const backdropStyle = "fixed inset-0 z-40 bg-shade";

export const popupStyle =
  "fixed top-1/2 left-1/2 z-40 flex w-[min(28rem,calc(100vw-2rem))] -translate-1/2 flex-col gap-3 rounded-xl border border-line bg-raised p-5 shadow-xl";
