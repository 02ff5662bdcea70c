import { useMemo } from "react";
import { colored, type Language, type Piece } from "../../../data/codecolor";

/** One line in coloured pieces. */
export function CodeText({ pieces }: { pieces: readonly Piece[] }) {
  return pieces.map(({ part, text }, index) =>
    part === null ? (
      text
    ) : (
      // oxlint-disable-next-line react/no-array-index-key -- pieces stand in their order
      <span key={index} className={`code-${part}`}>
        {text}
      </span>
    ),
  );
}

/** A short program text; plain where its language is not known. */
export function CodeBlock({ text, language }: { text: string; language: Language | null }) {
  const lines = useMemo(() => (language ? colored(text, language) : null), [text, language]);
  if (!lines) return <code>{text}</code>;
  return (
    <code>
      {lines.map((line, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- lines stand in their order
        <span key={index}>
          {index > 0 ? "\n" : null}
          <CodeText pieces={line} />
        </span>
      ))}
    </code>
  );
}
