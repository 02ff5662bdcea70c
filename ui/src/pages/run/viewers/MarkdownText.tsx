import { createElement, useMemo, type ReactNode } from "react";
import { artifactAddress } from "../../../api/server";
import { languageNamed } from "../../../data/codecolor";
import { fileBeside, readMarkdown, type Block, type Inline } from "../../../data/markdown";
import { CodeBlock } from "./CodeText";
import "./viewers.css";

interface Place {
  runId: string;
  /** The file that the text is in: its images lie beside it. */
  path: string;
}

/** Markdown, drawn by our own elements: HTML in it is text, images are those of the run, links leave in a new tab. */
export function MarkdownText({ text, ...place }: Place & { text: string }) {
  const blocks = useMemo(() => readMarkdown(text), [text]);
  return <div className="markdown">{blocksOf(blocks, place)}</div>;
}

const blocksOf = (blocks: readonly Block[], place: Place): ReactNode[] =>
  // oxlint-disable-next-line react/no-array-index-key -- blocks stand in their order
  blocks.map((block, index) => <BlockView key={index} block={block} place={place} />);

function BlockView({ block, place }: { block: Block; place: Place }) {
  switch (block.kind) {
    case "heading":
      // The page has headings of its own above these.
      return createElement(`h${Math.min(6, block.level + 2)}`, { className: `markdown-h${block.level}` }, spans(block.children, place));
    case "paragraph":
      return <p>{spans(block.children, place)}</p>;
    case "code":
      return (
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- so that it can be scrolled by keys
        <pre tabIndex={0}>
          <CodeBlock text={block.text} language={languageNamed(block.language)} />
        </pre>
      );
    case "quote":
      return <blockquote>{blocksOf(block.children, place)}</blockquote>;
    case "rule":
      return <hr />;
    case "list": {
      // oxlint-disable-next-line react/no-array-index-key -- items stand in their order
      const items = block.items.map((item, index) => <li key={index}>{itemOf(item, place)}</li>);
      return block.ordered ? <ol start={block.start}>{items}</ol> : <ul>{items}</ul>;
    }
    case "table":
      return (
        <table className="table table-tight">
          <thead>
            <tr>
              {block.head.map((cell, index) => (
                // oxlint-disable-next-line react/no-array-index-key -- cells stand in their order
                <th key={index} scope="col">
                  {spans(cell, place)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {block.rows.map((row, number) => (
              // oxlint-disable-next-line react/no-array-index-key -- as above
              <tr key={number}>
                {row.map((cell, index) => (
                  // oxlint-disable-next-line react/no-array-index-key -- as above
                  <td key={index}>{spans(cell, place)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      );
  }
}

/** A list's item of one paragraph has no space around it. */
function itemOf(item: readonly Block[], place: Place): ReactNode {
  const [first, ...rest] = item;
  return first?.kind === "paragraph" ? [<span key="text">{spans(first.children, place)}</span>, ...blocksOf(rest, place)] : blocksOf(item, place);
}

const spans = (children: readonly Inline[], place: Place): ReactNode[] =>
  // oxlint-disable-next-line react/no-array-index-key -- spans stand in their order
  children.map((child, index) => <Span key={index} span={child} place={place} />);

function Span({ span, place }: { span: Inline; place: Place }) {
  switch (span.kind) {
    case "text":
      return span.text;
    case "code":
      return <code>{span.text}</code>;
    case "strong":
      return <strong>{spans(span.children, place)}</strong>;
    case "em":
      return <em>{spans(span.children, place)}</em>;
    case "gone":
      return <del>{spans(span.children, place)}</del>;
    case "link":
      return (
        <a href={span.href} target="_blank" rel="noopener noreferrer nofollow">
          {spans(span.children, place)}
        </a>
      );
    case "image": {
      const file = fileBeside(place.path, span.source);
      return file ? <img src={artifactAddress(place.runId, file)} alt={span.text} loading="lazy" /> : `![${span.text}](${span.source})`;
    }
  }
}
