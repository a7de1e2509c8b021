import { Labels } from '../model/labels.ts'
import type { TargetGroup } from './discoverer.ts'

/** Remembers what was found, and tells what is new, changed or gone. */
export class GroupChanges {
  /** By source. Whoever scrapes the targets holds the same objects. */
  readonly #groups = new Map<string, TargetGroup>()

  /** These groups, and whatever else was found before. Two groups of one source: the last counts. */
  merge(groups: readonly TargetGroup[]): TargetGroup[] {
    const changed = new Map<string, TargetGroup>()
    for (const group of groups) {
      const known = this.#groups.get(group.source)
      if (known !== undefined && isSameGroup(known, group)) continue
      changed.set(group.source, group)
      this.#groups.set(group.source, group)
    }
    return [...changed.values()]
  }

  /** These groups and no other: those of other sources are emptied. */
  replace(groups: readonly TargetGroup[]): TargetGroup[] {
    const sources = new Set(groups.map(({ source }) => source))
    return [...this.merge(groups), ...this.remove([...this.#groups.keys()].filter((source) => !sources.has(source)))]
  }

  remove(sources: readonly string[]): TargetGroup[] {
    return sources.filter((source) => this.#groups.delete(source)).map((source) => ({ source, targets: [], labels: Labels.empty }))
  }
}

function isSameGroup(a: TargetGroup, b: TargetGroup): boolean {
  if (a.targets.length !== b.targets.length || !a.labels.equals(b.labels)) return false
  for (let i = 0; i < a.targets.length; i++) if (!a.targets[i].equals(b.targets[i])) return false
  return true
}
