import { Component, type ReactNode } from "react";

interface PlainWhenBrokenProps {
  plain: ReactNode;
  children: ReactNode;
}

/** One answer that cannot be set must not take the page with it. React knows error boundaries as classes only. */
export class PlainWhenBroken extends Component<PlainWhenBrokenProps, { isBroken: boolean }> {
  override state = { isBroken: false };

  static getDerivedStateFromError(): { isBroken: boolean } {
    return { isBroken: true };
  }

  override render(): ReactNode {
    return this.state.isBroken ? this.props.plain : this.props.children;
  }
}
