import { Fragment } from "react";

/** Where a key may go on in the next line: after what stands between its words. */
const JOINTS = /(?<=[/_.:@-])/;

/** The name of a metric, param or tag, or an address: too long for its line, it breaks between its words. */
export function KeyName({ text }: { text: string }) {
  return text.split(JOINTS).map((part, index) => (
    // oxlint-disable-next-line react/no-array-index-key -- parts have no other identity and never move
    <Fragment key={index}>
      {index ? <wbr /> : null}
      {part}
    </Fragment>
  ));
}
