import { formatDuration } from '../../model/duration.ts'
import { Labels } from '../../model/labels.ts'
import type { ExpectedNotification } from './alert-test-schema.ts'

/** What one entry of a receiver was told of one group. */
export interface SentNotification {
  /** ms since the start. */
  readonly at: number
  readonly receiver: string
  /** The kind of the entry. */
  readonly integration: string
  readonly group: Labels
  readonly firing: readonly Labels[]
  readonly resolved: readonly Labels[]
  /** Texts of the message. */
  readonly texts: readonly string[]
  /** Why it could not be made. */
  readonly problem: string | undefined
}

/** The entries of one receiver that were told the same at once. */
type Told = readonly SentNotification[]

/** What is not as expected, a line each. */
export function compareNotifications(expected: readonly ExpectedNotification[], sent: readonly SentNotification[]): readonly string[] {
  const left = new Set(together(sent))
  const lines: string[] = []
  const unmet: ExpectedNotification[] = []
  for (const wanted of expected) {
    const found = [...left].find((told) => reasonAgainst(wanted, told) === undefined)
    if (found === undefined) unmet.push(wanted)
    else left.delete(found)
  }
  for (const wanted of unmet) {
    const at = `at ${formatDuration(wanted.at!)} to ${wanted.receiver}`
    // What came in its place is told of with it, and not again.
    const near = [...left].find(([{ at, receiver }]) => at === wanted.at && receiver === wanted.receiver)
    if (near !== undefined) left.delete(near)
    lines.push(near === undefined ? `${at}: nothing came` : `${at}: what came ${reasonAgainst(wanted, near)}`)
  }
  for (const told of left) lines.push(`${describe(told)} came and is not expected`)
  for (const { problem, at, receiver, integration } of sent)
    if (problem !== undefined) lines.push(`at ${formatDuration(at)} to ${receiver} (${integration}): ${problem}`)
  return lines
}

function together(sent: readonly SentNotification[]): readonly Told[] {
  const byKey = new Map<string, SentNotification[]>()
  for (const one of sent) {
    const key = JSON.stringify([one.at, one.receiver, one.group.key()])
    const known = byKey.get(key)
    if (known === undefined) byKey.set(key, [one])
    else known.push(one)
  }
  return [...byKey.values()]
}

/** Why a notification is not the one; undefined: it is. */
function reasonAgainst(wanted: ExpectedNotification, all: Told): string | undefined {
  const [{ at, receiver, group }] = all
  if (at !== wanted.at) return `came at ${formatDuration(at)}`
  if (receiver !== wanted.receiver) return `went to ${receiver}`
  const told = wanted.integration === undefined ? all : all.filter(({ integration }) => integration === wanted.integration)
  if (told.length === 0) return `went to ${all.map(({ integration }) => integration).join(', ')}`
  if (wanted.group !== undefined && !group.equals(Labels.of(wanted.group))) return `is of group ${group}`
  // An entry that is not told of ends is one of those that are.
  const firing = longest(told.map((one) => one.firing))
  const resolved = longest(told.map((one) => one.resolved))
  if (wanted.firing !== undefined && !sameAlerts(wanted.firing, firing)) return `has firing ${listOf(firing)}`
  if (wanted.resolved !== undefined && !sameAlerts(wanted.resolved, resolved)) return `has resolved ${listOf(resolved)}`
  for (const part of wanted.text ?? []) {
    const texts = told.flatMap((one) => one.texts)
    if (!texts.some((text) => text.includes(part)))
      return `does not say ${JSON.stringify(part)}, but ${texts.map((text) => JSON.stringify(text)).join(', ')}`
  }
  return undefined
}

/** As many, and each has the labels that one of the list asks for. */
function sameAlerts(wanted: readonly Readonly<Record<string, string>>[], found: readonly Labels[]): boolean {
  if (wanted.length !== found.length) return false
  const fits = (labels: Labels, index: number) => Object.entries(wanted[index]).every(([name, value]) => labels.get(name) === value)
  // Those that ask for more choose first, so that the others are left with what they can do with.
  const order = wanted.map((_, index) => index).sort((a, b) => Object.keys(wanted[b]).length - Object.keys(wanted[a]).length)
  const left = new Set(found)
  for (const index of order) {
    const one = [...left].find((labels) => fits(labels, index))
    if (one === undefined) return false
    left.delete(one)
  }
  return true
}

function describe(told: Told): string {
  const [{ at, receiver, group }] = told
  const firing = longest(told.map((one) => one.firing))
  const resolved = longest(told.map((one) => one.resolved))
  const parts = [
    ...(firing.length > 0 ? [`firing ${listOf(firing)}`] : []),
    ...(resolved.length > 0 ? [`resolved ${listOf(resolved)}`] : []),
  ]
  return `at ${formatDuration(at)} to ${receiver}: group ${group} with ${parts.join(' and ')}`
}

function longest(lists: readonly (readonly Labels[])[]): readonly Labels[] {
  return lists.reduce((longest, list) => (list.length > longest.length ? list : longest))
}

function listOf(alerts: readonly Labels[]): string {
  return alerts.length === 0 ? 'none' : alerts.map(String).join(', ')
}
