import { Breather } from '../base/breather.ts'
import type { Clock } from '../base/env.ts'
import { Labels } from '../model/labels.ts'
import type { TargetGroup } from './discoverer.ts'

/** Groups between two looks at the clock. */
const GROUPS_AT_ONCE = 100

/** Remembers what was found, and tells what is new, changed or gone. */
export class GroupChanges {
  /** By source. Whoever scrapes the targets holds the same objects. */
  readonly #groups = new Map<string, TargetGroup>()

  /** These groups, and whatever else was found before. Two groups of one source: the last counts. */
  merge(groups: readonly TargetGroup[]): TargetGroup[] {
    const changed = new Map<string, TargetGroup>()
    for (const group of groups) this.#take(group, changed)
    return [...changed.values()]
  }

  /** As `merge`, of groups that may be many: in turns. */
  async mergeInTurns(clock: Clock, groups: readonly TargetGroup[]): Promise<TargetGroup[]> {
    const breather = new Breather(clock)
    const changed = new Map<string, TargetGroup>()
    for (let i = 0; i < groups.length; i++) {
      this.#take(groups[i], changed)
      if (i % GROUPS_AT_ONCE === 0 && breather.isDue()) await breather.rest()
    }
    return [...changed.values()]
  }

  /** These groups and no other: those of other sources are emptied. In turns. */
  async replace(clock: Clock, groups: readonly TargetGroup[]): Promise<TargetGroup[]> {
    const changed = await this.mergeInTurns(clock, groups)
    // Nothing has gone where all that is known has come.
    const sources = new Set<string>()
    for (const { source } of groups) sources.add(source)
    return sources.size === this.#groups.size
      ? changed
      : changed.concat(this.remove([...this.#groups.keys()].filter((source) => !sources.has(source))))
  }

  #take(group: TargetGroup, changed: Map<string, TargetGroup>): void {
    const known = this.#groups.get(group.source)
    if (known !== undefined && isSameGroup(known, group)) return
    changed.set(group.source, group)
    this.#groups.set(group.source, group)
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
