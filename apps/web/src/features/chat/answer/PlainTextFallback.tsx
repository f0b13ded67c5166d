import { Component, type ReactNode } from "react";

interface PlainTextFallbackProps {
  plain: ReactNode;
  children: ReactNode;
}

/** An answer that cannot be rendered must not break the page. React supports error boundaries only as classes. */
export class PlainTextFallback extends Component<PlainTextFallbackProps, { hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError(): { hasFailed: boolean } {
    return { hasFailed: true };
  }

  override render(): ReactNode {
    return this.state.hasFailed ? this.props.plain : this.props.children;
  }
}
