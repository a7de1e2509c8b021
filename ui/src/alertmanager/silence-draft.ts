import type { GettableSilence } from '../../../src/api/types/alertmanager.ts'
import { formatDuration, parseDuration } from '../format/duration.ts'
import { fromInputTime, toInputTime } from '../format/time.ts'
import type { PostableSilence } from './client.ts'
import { type Matcher, matcherJson } from './matchers.ts'
import { MATCHER_SETS, setsOf } from './silence-sets.ts'

/** A silence as it stands in the form: times as their fields have them, half typed ones too. */
export interface SilenceDraft {
  /** What it changes: a start that is left alone stays as it is to the millisecond, else the server makes another silence of it. */
  readonly changes?: GettableSilence
  readonly start: string
  readonly end: string
  readonly duration: string
  /** An alert fits where all matchers of one set do. */
  readonly sets: readonly (readonly Matcher[])[]
  readonly createdBy: string
  readonly comment: string
}

export const DURATION_DEFAULT_MS = 2 * 3_600_000

/** From `now` on, Unix ms. */
export function newDraft(now: number, wanted: Pick<SilenceDraft, 'sets' | 'createdBy' | 'comment'>): SilenceDraft {
  const duration = formatDuration(DURATION_DEFAULT_MS)
  return { ...wanted, start: toInputTime(now), end: toInputTime(now + DURATION_DEFAULT_MS), duration }
}

/** One that is over is made again, from `now` on. */
export function draftOf(silence: GettableSilence, now: number): SilenceDraft {
  const { comment, createdBy } = silence
  const sets = setsOf(silence)
  if (silence.status.state === 'expired') return { ...newDraft(now, { sets, createdBy, comment }), changes: silence }
  const [start, end] = [toInputTime(Date.parse(silence.startsAt)), toInputTime(Date.parse(silence.endsAt))]
  return { changes: silence, start, end, duration: between(start, end), sets, createdBy, comment }
}

/** The end moves along. */
export function withStart(draft: SilenceDraft, start: string): SilenceDraft {
  return withDuration({ ...draft, start }, draft.duration)
}

export function withEnd(draft: SilenceDraft, end: string): SilenceDraft {
  return { ...draft, end, duration: between(draft.start, end) || draft.duration }
}

export function withDuration(draft: SilenceDraft, duration: string): SilenceDraft {
  const [start, durationMs] = [fromInputTime(draft.start), parseDuration(duration)]
  return { ...draft, duration, end: start === undefined || durationMs === undefined ? draft.end : toInputTime(start + durationMs) }
}

const NO_MATCHER = 'Which alerts? It needs a matcher'

/** What is missing in a set of matchers. A row in which nothing stands is none; a set of none would be left out, and what it was for not silenced. */
export function setProblem(matchers: readonly Matcher[]): string | undefined {
  if (matchers.some(({ name, value }) => name === '' && value !== '')) return 'Of which label? A value has none'
  return matchers.every(({ name }) => name === '') ? NO_MATCHER : undefined
}

/** What is sent; a text where something is missing without which nothing can be. The rest is the server's to judge. */
export function postable(draft: SilenceDraft): PostableSilence | string {
  const { changes, start, end, createdBy, comment } = draft
  const isSameStart = changes !== undefined && start === toInputTime(Date.parse(changes.startsAt))
  const startsAt = isSameStart ? changes.startsAt : isoTime(start)
  const endsAt = isoTime(end)
  if (startsAt === undefined) return 'The start is no time'
  if (endsAt === undefined) return 'The end is no time'
  const problem = draft.sets.map(setProblem).find((each) => each !== undefined)
  if (problem !== undefined) return problem
  const sets = draft.sets.map((set) => set.filter(({ name }) => name !== '').map(matcherJson))
  const [matchers] = sets
  if (matchers === undefined) return NO_MATCHER
  if (createdBy.trim() === '') return 'Who makes it? The creator is missing'
  if (comment.trim() === '') return 'Why? The comment is missing'
  const annotations = Object.fromEntries(Object.entries(changes?.annotations ?? {}).filter(([name]) => name !== MATCHER_SETS))
  return {
    ...(changes === undefined ? {} : { id: changes.id }),
    matchers,
    ...(changes?.matcherSets === undefined ? {} : { matcherSets: sets }),
    startsAt,
    endsAt,
    createdBy: createdBy.trim(),
    comment: comment.trim(),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  }
}

/** The time between two fields; empty where there is none. */
function between(start: string, end: string): string {
  const [from, to] = [fromInputTime(start), fromInputTime(end)]
  return from === undefined || to === undefined || to <= from ? '' : formatDuration(to - from)
}

function isoTime(text: string): string | undefined {
  const time = fromInputTime(text)
  return time === undefined ? undefined : new Date(time).toISOString()
}
