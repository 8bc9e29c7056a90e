// A page whose script comes when it is first wanted: charts are not needed for the first view.
import { createElement, type FunctionComponent } from "preact";
import { useEffect, useState } from "preact/hooks";

export function lazy<P extends object>(load: () => Promise<{ default: FunctionComponent<P> }>): FunctionComponent<P> {
  let known: FunctionComponent<P> | undefined;
  return function Later(props: P) {
    const [view, setView] = useState<{ draw: FunctionComponent<P> } | undefined>(known && { draw: known });
    const [wrong, setWrong] = useState<Error>();
    useEffect(() => {
      if (!known) load().then((module) => setView({ draw: (known = module.default) }), setWrong);
    }, []);
    if (wrong) throw wrong;
    return view ? createElement(view.draw, props) : null;
  };
}
