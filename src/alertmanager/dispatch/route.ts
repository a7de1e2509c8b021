import type { Labels } from '../../model/labels.ts'
import { compareMatchers, formatMatchers, type LabelMatcher, matchesAll } from '../label-matcher.ts'

/** A node of the routing tree with all that it inherits. Source: Alertmanager dispatch/route.go. */
export interface Route {
  /** Its place: matchers from the root down, as upstream's Route.Key prints them. Part of the group key. */
  readonly key: string
  /** As upstream's Route.ID: as the key, with the place of each node among its siblings. Unique. */
  readonly id: string
  readonly receiver: string
  /** Of this node alone, in the order in which they are printed. */
  readonly matchers: readonly LabelMatcher[]
  /** Undefined: by all labels (`...`). */
  readonly groupBy: readonly string[] | undefined
  readonly groupWaitMs: number
  readonly groupIntervalMs: number
  readonly repeatIntervalMs: number
  readonly muteTimeIntervals: readonly string[]
  readonly activeTimeIntervals: readonly string[]
  /** Siblings after it are looked at too. */
  readonly continues: boolean
  readonly routes: readonly Route[]
}

/** A node as the file says it: what is not given is inherited, but for the intervals of time. */
export interface RouteDefinition {
  readonly receiver?: string | undefined
  readonly matchers?: readonly LabelMatcher[] | undefined
  /** `...` stands for all labels; an empty list for none. */
  readonly groupBy?: readonly string[] | undefined
  readonly groupWaitMs?: number | undefined
  readonly groupIntervalMs?: number | undefined
  readonly repeatIntervalMs?: number | undefined
  readonly muteTimeIntervals?: readonly string[] | undefined
  readonly activeTimeIntervals?: readonly string[] | undefined
  readonly continues?: boolean | undefined
  readonly routes?: readonly RouteDefinition[] | undefined
}

export const GROUP_BY_ALL = '...'

const DEFAULTS: Inherited = {
  receiver: '',
  groupBy: [],
  groupWaitMs: 30_000,
  groupIntervalMs: 5 * 60_000,
  repeatIntervalMs: 4 * 3_600_000,
}

type Inherited = Pick<Route, 'receiver' | 'groupBy' | 'groupWaitMs' | 'groupIntervalMs' | 'repeatIntervalMs'>

/** The tree with everything filled in. */
export function buildRoute(root: RouteDefinition): Route {
  return build(root, DEFAULTS, { key: '', id: '', suffix: '' })
}

/** What stands before the key and the ID of a node, and after its ID. */
interface Place {
  readonly key: string
  readonly id: string
  readonly suffix: string
}

function build(definition: RouteDefinition, parent: Inherited, place: Place): Route {
  const matchers = [...(definition.matchers ?? [])].sort(compareMatchers)
  const own = formatMatchers(matchers)
  const [key, id] = [`${place.key}${own}`, `${place.id}${own}${place.suffix}`]
  const inherited: Inherited = {
    receiver: definition.receiver || parent.receiver,
    groupBy: groupBy(definition.groupBy, parent.groupBy),
    groupWaitMs: definition.groupWaitMs ?? parent.groupWaitMs,
    groupIntervalMs: definition.groupIntervalMs ?? parent.groupIntervalMs,
    repeatIntervalMs: definition.repeatIntervalMs ?? parent.repeatIntervalMs,
  }
  return {
    key,
    id,
    ...inherited,
    matchers,
    muteTimeIntervals: definition.muteTimeIntervals ?? [],
    activeTimeIntervals: definition.activeTimeIntervals ?? [],
    continues: definition.continues ?? false,
    routes: (definition.routes ?? []).map((child, index) => build(child, inherited, { key: `${key}/`, id: `${id}/`, suffix: `/${index}` })),
  }
}

function groupBy(own: readonly string[] | undefined, inherited: readonly string[] | undefined): readonly string[] | undefined {
  if (own === undefined) return inherited
  return own.includes(GROUP_BY_ALL) ? undefined : own
}

/**
 * The nodes that take an alert, from left to right: of each node the first child that takes it, and those after it where that one says to
 * go on; the node itself where no child does. Empty: the node does not match.
 */
export function matchRoutes(route: Route, labels: Labels): readonly Route[] {
  if (!matchesAll(route.matchers, labels)) return []
  const found: Route[] = []
  for (const child of route.routes) {
    const matches = matchRoutes(child, labels)
    found.push(...matches)
    if (matches.length > 0 && !child.continues) break
  }
  return found.length > 0 ? found : [route]
}

/** The labels by which an alert is grouped at a node. */
export function groupLabels({ groupBy }: Route, labels: Labels): Labels {
  return groupBy === undefined ? labels : labels.only(groupBy)
}

/** A node and all under it, parents first. */
export function* walkRoutes(route: Route): IterableIterator<Route> {
  yield route
  for (const child of route.routes) yield* walkRoutes(child)
}
