// A component that is drawn again only when what it is given changes: for rows of a long list.
import { Component, type FunctionComponent } from "preact";

export function memo<P extends object>(draw: FunctionComponent<P>): FunctionComponent<P> {
  return class extends Component<P> {
    override shouldComponentUpdate(next: P): boolean {
      const names = Object.keys(next) as (keyof P)[];
      return names.some((name) => typeof next[name] !== "function" && next[name] !== (this.props as P)[name]);
    }

    override render(props: P) {
      return draw(props, {} as never) as never;
    }
  } as unknown as FunctionComponent<P>;
}
