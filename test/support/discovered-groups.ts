// A discoverer at work in a virtual environment, and what it has said since the last look.
import type { VirtualEnv } from '../../src/base/env-virtual.ts'
import type { Discoverer, TargetGroup } from '../../src/discovery/discoverer.ts'

export interface CollectedGroups {
  /** Lets `waitMs` pass; a line a group, `nothing` for an answer without groups. */
  look(waitMs?: number): Promise<string[]>
  /** All groups that there are now, by source. */
  readonly groups: ReadonlyMap<string, TargetGroup>
  stop(): Promise<void>
}

const show = ({ source, targets, labels }: TargetGroup) => [source, labels, ...targets].join(' ')

export function collectGroups(env: VirtualEnv, discoverer: Discoverer): CollectedGroups {
  const controller = new AbortController()
  const lines: string[] = []
  const groups = new Map<string, TargetGroup>()
  const done = (async () => {
    for await (const changed of discoverer.watch(controller.signal)) {
      lines.push(...(changed.length === 0 ? ['nothing'] : changed.map(show)))
      for (const group of changed) {
        if (group.targets.length === 0) groups.delete(group.source)
        else groups.set(group.source, group)
      }
    }
  })()
  return {
    groups,
    async look(waitMs = 1000) {
      await env.clock.advance(waitMs)
      return lines.splice(0)
    },
    async stop() {
      controller.abort()
      await env.clock.advance(0)
      await done
    },
  }
}
