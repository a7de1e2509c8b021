// What a receiver heard of a cluster, judged: was anything lost, what came twice, why, and under which key.
import { type AlertCluster, GROUP_INTERVAL_MS, type Heard, PEER_TIMEOUT_MS } from './alert-cluster.ts'

/** What another member says of a notification has come everywhere by then. */
const SPREAD_MS = 1000
/** So long a notification is on its way: its sender may be dead when the receiver has it. */
const ON_ITS_WAY_MS = 5
/** A partition has an effect for as long after it as members need to find each other again, and to exchange. */
const AFTER_PARTITION_MS = 15_000

export interface Duplicate {
  readonly heard: Heard
  readonly first: Heard
  readonly cause: 'partition' | 'sender died' | 'none'
  /** Word for word what was told before; otherwise it tells a part of that, by a member that knew less. */
  readonly isSame: boolean
  readonly hasSameKey: boolean
}

export interface Verdict {
  readonly lost: readonly string[]
  readonly duplicates: readonly Duplicate[]
  /** Keys that came more often than members found out or said that they may have. */
  readonly unnoticed: readonly string[]
  /**
   * So many came again that nobody can know of: whoever told them first died before its log had them, and nobody that it could reach was there, or could be
   * reached, when they came again.
   */
  readonly unknowable: number
  /** So many were found out beyond what came again. */
  readonly overcounted: number
  /** How many notifications a receiver sees that takes each key once, and how many of those it had seen. */
  readonly honoured: number
  readonly honouredTwice: number
}

export function judge(cluster: AlertCluster, silenced: ReadonlySet<string>): Verdict {
  const duplicates: Duplicate[] = []
  const told = new Map<string, Map<string, { state: string; by: Heard }>>()
  const keys = new Map<string, Heard>()
  const contents = new Set<string>()
  let [honoured, honouredTwice] = [0, 0]
  for (const heard of cluster.heard) {
    const known = told.get(heard.group) ?? new Map()
    told.set(heard.group, known)
    const states = [...heard.firing.map((name) => [name, 'firing'] as const), ...heard.resolved.map((name) => [name, 'resolved'] as const)]
    const isNews = states.some(([name, state]) => known.get(name)?.state !== state)
    const sameKey = keys.get(heard.idempotencyKey)
    const content = JSON.stringify([heard.group, heard.firing, heard.resolved])
    const isSame = contents.has(content)
    contents.add(content)
    if (sameKey === undefined) {
      honoured++
      if (!isNews && isSame) honouredTwice++
    }
    if (!isNews) {
      const firsts = states.map(([name]) => known.get(name)!.by)
      const first = firsts.reduce((a, b) => (a.time > b.time ? a : b))
      duplicates.push({ heard, first, cause: causeOf(cluster, first, heard), isSame, hasSameKey: sameKey !== undefined })
    }
    keys.set(heard.idempotencyKey, heard)
    for (const [name, state] of states) if (known.get(name)?.state !== state) known.set(name, { state, by: heard })
  }
  const lost: string[] = []
  for (const [name, { labels, startsAt, endsAt }] of cluster.alerts) {
    const group = labels.get('group')!
    const state = told.get(group)?.get(name)?.state
    if (silenced.has(group)) {
      if (state !== undefined) lost.push(`${name} of the silenced ${group} was told`)
    } else if (endsAt === 0 && state !== 'firing') lost.push(`${name} of ${group} fires since ${startsAt} and was ${state ?? 'never told'}`)
    else if (endsAt !== 0 && state === 'firing') lost.push(`${name} of ${group} is over since ${endsAt} and was not told so`)
  }
  return { lost, duplicates, honoured, honouredTwice, ...noticed(cluster, duplicates) }
}

/** What came again beside what members know of it, key by key. */
function noticed(cluster: AlertCluster, duplicates: readonly Duplicate[]) {
  const { foundOut, saidPossible } = cluster
  const again = new Map<string, { count: number; unknowable: number }>()
  for (const { heard, first, isSame } of duplicates) {
    if (!isSame) continue
    const known = again.get(heard.idempotencyKey) ?? { count: 0, unknowable: 0 }
    again.set(heard.idempotencyKey, known)
    known.count++
    if (senderDied(cluster, first) && !canBeKnown(first, heard)) known.unknowable++
  }
  const unnoticed: string[] = []
  let [unknowable, overcounted] = [0, 0]
  for (const [key, { count, unknowable: excused }] of again) {
    const missing = count - (foundOut.get(key) ?? 0) - (saidPossible.get(key) ?? 0)
    if (missing <= 0) continue
    if (missing > excused) unnoticed.push(`${key} came again ${count} times, ${missing} of them unnoticed`)
    else unknowable += missing
  }
  for (const [key, count] of foundOut) overcounted += Math.max(0, count - (again.get(key)?.count ?? 0))
  return { unnoticed, unknowable, overcounted }
}

/** Whether who told it again, or somebody whom that one could reach, is one of those that could hear of the first. */
function canBeKnown(first: Heard, second: Heard): boolean {
  return [second.sender, ...second.witnesses].some((process) => process !== undefined && first.witnesses.includes(process))
}

function causeOf(cluster: AlertCluster, first: Heard, second: Heard): Duplicate['cause'] {
  if (cluster.partitions.some(({ from, to }) => from <= second.time && to + AFTER_PARTITION_MS >= first.time)) return 'partition'
  return senderDied(cluster, first) ? 'sender died' : 'none'
}

function senderDied({ kills }: AlertCluster, { from, time: told }: Heard): boolean {
  return kills.some(({ member, time }) => member === from && time >= told - ON_ITS_WAY_MS && time <= told + SPREAD_MS)
}

/** So long after the last change everything must have been told. */
export const ALL_TOLD_MS = 4 * GROUP_INTERVAL_MS + 2 * PEER_TIMEOUT_MS + 60_000
