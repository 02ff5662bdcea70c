import { Link } from "wouter";
import { versionAddress } from "../../data/registry";

/** An alias; with a version that it means, a link to it. */
export function AliasChip({ name, alias, version }: { name: string; alias: string; version?: string }) {
  if (version === undefined) return <span className="alias">@{alias}</span>;
  return (
    <Link className="alias" href={versionAddress(name, version)}>
      @{alias} <span className="muted">v{version}</span>
    </Link>
  );
}
