/** Commands that bring a run back: its commit, its changes, its packages, its call. */

/** A word as a POSIX shell reads it. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Params as options of a program. */
export function optionsOf(params: readonly { key: string; value: string }[]): string {
  return params.map(({ key, value }) => `${shellWord(`--${key}`)} ${shellWord(value)}`).join(" ");
}

export interface Origin {
  repository?: string | undefined;
  commit?: string | undefined;
  /** The program that ran, from the repository's root as far as it is known. */
  program?: string | undefined;
  /** Addresses of the kept files; absent where the run kept none. */
  patch?: string | undefined;
  packages?: string | undefined;
}

/** git's URL without what is only for a program: a password, a suffix. */
export function pageOf(repository: string | undefined): string | null {
  const [, host, path] = repository?.match(/^(?:https?:\/\/(?:[^@/]*@)?|(?:ssh:\/\/)?git@)([\w.-]+)(?::\d+)?[/:](.+?)(?:\.git)?\/?$/) ?? [];
  return host && path ? `https://${host}/${path}` : null;
}

/** The page of a commit, on hosts that name them so. */
export function commitPage(repository: string | undefined, commit: string | undefined): string | null {
  const page = pageOf(repository);
  if (!page || !commit) return null;
  if (/^https:\/\/[^/]*gitlab/.test(page)) return `${page}/-/commit/${commit}`;
  return /^https:\/\/[^/]*(?:github|gitea|codeberg)/.test(page) ? `${page}/commit/${commit}` : null;
}

export function commands({ repository, commit, program, patch, packages }: Origin): string {
  const lines: string[] = [];
  if (repository && commit) {
    lines.push(`git clone ${shellWord(repository)} run && cd run`);
  }
  if (commit) lines.push(`git checkout ${shellWord(commit)}`);
  if (patch) lines.push(`curl -fsS ${shellWord(patch)} | git apply`);
  lines.push("python -m venv .venv && . .venv/bin/activate");
  if (packages) lines.push(`curl -fsS ${shellWord(packages)} -o packages.txt`, "pip install -r packages.txt");
  if (program) lines.push(`python ${shellWord(program)}`);
  return lines.join("\n");
}

export function dockerfile(origin: Origin): string {
  const lines = ["FROM python:3", "WORKDIR /run", "RUN apt-get update && apt-get install -y git curl"];
  if (origin.repository && origin.commit) {
    lines.push(`RUN git clone ${shellWord(origin.repository)} . && git checkout ${shellWord(origin.commit)}`);
  } else lines.push("COPY . .");
  if (origin.patch) lines.push("# changes.diff and packages.txt: from this run's artifacts, clew/source/", "COPY changes.diff .", "RUN git apply changes.diff");
  if (origin.packages) lines.push("COPY packages.txt .", "RUN pip install -r packages.txt");
  if (origin.program) lines.push(`CMD ${JSON.stringify(["python", origin.program])}`);
  return lines.join("\n");
}
