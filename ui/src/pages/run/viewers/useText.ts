import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { previewQuery } from "../../queries";

export const FIRST_BYTES = 262_144;
/** More is not laid into a page; the file can be downloaded. */
export const MOST_BYTES = 4_194_304;

export interface FileText {
  text: string | undefined;
  error: Error | null;
  retry: () => void;
  /** Bytes that were asked for. */
  bytes: number;
  /** Whether the text is all of the file. */
  whole: boolean;
  /** Asks for more of the file; absent where there is no more to show. */
  more?: () => void;
}

/** The first part of a file as text, and more of it on demand. */
export function useText(runId: string, path: string, size: number | undefined, first = FIRST_BYTES): FileText {
  const [bytes, setBytes] = useState(first);
  const query = useQuery(previewQuery(runId, path, bytes));
  const whole = size === undefined ? (query.data?.length ?? 0) < bytes : size <= bytes;
  return {
    // A part may end amid a character.
    text: whole ? query.data : query.data?.replace(/\uFFFD$/, ""),
    error: query.error,
    retry: () => void query.refetch(),
    bytes,
    whole,
    ...(whole || bytes >= MOST_BYTES ? {} : { more: () => setBytes(Math.min(MOST_BYTES, 4 * bytes)) }),
  };
}
