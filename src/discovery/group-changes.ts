import { Labels } from '../model/labels.ts'
import type { TargetGroup } from './discoverer.ts'

/** Remembers what was found, and tells what is new, changed or gone. */
export class GroupChanges {
  /** By source: what the group is compared by. */
  readonly #keys = new Map<string, string>()

  /** These groups, and whatever else was found before. Two groups of one source: the last counts. */
  merge(groups: readonly TargetGroup[]): TargetGroup[] {
    const changed = new Map<string, TargetGroup>()
    for (const group of groups) {
      const key = groupKey(group)
      if (this.#keys.get(group.source) === key) continue
      changed.set(group.source, group)
      this.#keys.set(group.source, key)
    }
    return [...changed.values()]
  }

  /** These groups and no other: those of other sources are emptied. */
  replace(groups: readonly TargetGroup[]): TargetGroup[] {
    const sources = new Set(groups.map(({ source }) => source))
    return [...this.merge(groups), ...this.remove([...this.#keys.keys()].filter((source) => !sources.has(source)))]
  }

  remove(sources: readonly string[]): TargetGroup[] {
    return sources.filter((source) => this.#keys.delete(source)).map((source) => ({ source, targets: [], labels: Labels.empty }))
  }
}

function groupKey(group: TargetGroup): string {
  return JSON.stringify([group.targets.map((target) => target.key()), group.labels.key()])
}
