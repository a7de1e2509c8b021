import type { Labels } from '../../model/labels.ts'
import type { MatchOperator } from '../../model/matcher.ts'
import type { Timestamp } from '../../model/time.ts'
import { LabelMatcher, matchesAll } from '../label-matcher.ts'
import type { PreciseTime } from '../state/precise-time.ts'

/** A condition of a silence as it is kept: also one that does not compile here, from a member that takes it. */
export interface SilenceMatcher {
  readonly operator: MatchOperator
  readonly name: string
  readonly value: string
}

export type SilenceState = 'active' | 'pending' | 'expired'

/** Alerts that meet all conditions of one of its sets are not told of while it is active. */
export interface Silence {
  /** A UUID; empty: not yet known. */
  readonly id: string
  /** Not empty, and none of them is. */
  readonly matcherSets: readonly (readonly SilenceMatcher[])[]
  readonly startsAt: Timestamp
  readonly endsAt: Timestamp
  readonly updatedAt: PreciseTime
  readonly createdBy: string
  readonly comment: string
  readonly annotations: ReadonlyMap<string, string>
}

/** Source: Alertmanager silence/silence.go, getState. */
export function silenceState({ startsAt, endsAt }: Silence, now: Timestamp): SilenceState {
  if (now < startsAt) return 'pending'
  return now > endsAt ? 'expired' : 'active'
}

/** A silence with its conditions made ready. */
export interface CompiledSilence {
  readonly sets: readonly (readonly LabelMatcher[])[]
}

/** Throws `bad_data` where a regular expression is none. */
export function compileSilence({ matcherSets }: Pick<Silence, 'matcherSets'>): CompiledSilence {
  return { sets: matcherSets.map((set) => set.map(({ operator, name, value }) => new LabelMatcher(operator, name, value))) }
}

export function silences({ sets }: CompiledSilence, labels: Labels): boolean {
  // A set without conditions would silence everything: no member makes one.
  return sets.some((set) => set.length > 0 && matchesAll(set, labels))
}

export function sameMatchers(a: Pick<Silence, 'matcherSets'>, b: Pick<Silence, 'matcherSets'>): boolean {
  return JSON.stringify(plain(a)) === JSON.stringify(plain(b))
}

function plain({ matcherSets }: Pick<Silence, 'matcherSets'>): readonly (readonly string[])[][] {
  return matcherSets.map((set) => set.map(({ operator, name, value }) => [operator, name, value]))
}
