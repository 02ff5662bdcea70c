/** Experiment names as paths: "vision/distill" lies in the folder "vision/". */

export interface PathParts {
  /** With its last "/"; empty for none. */
  folder: string;
  name: string;
}

export function splitPath(path: string): PathParts {
  const slash = path.lastIndexOf("/");
  const inside = slash > 0 && slash < path.length - 1;
  return inside ? { folder: path.slice(0, slash + 1), name: path.slice(slash + 1) } : { folder: "", name: path };
}

export interface Folder<T> {
  /** Empty for what lies in no folder. */
  folder: string;
  items: T[];
}

/** Items by folder; folders keep the order of their first item. */
export function groupByFolder<T>(items: readonly T[], pathOf: (item: T) => string): Folder<T>[] {
  const folders = new Map<string, T[]>();
  for (const item of items) {
    const { folder } = splitPath(pathOf(item));
    const group = folders.get(folder);
    if (group) group.push(item);
    else folders.set(folder, [item]);
  }
  return [...folders].map(([folder, group]) => ({ folder, items: group }));
}
