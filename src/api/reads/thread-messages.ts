import type { ErrorCode } from '../../base/errors.ts'
import type { EngineSettings, Question } from '../../promql/evaluate.ts'
import type { Fragment, FragmentPart } from '../../promql/exec/split-helpers.ts'
import type { QueryStats } from '../../promql/value.ts'
import type { DbLease, KeptParts } from '../../tsdb/db-lender.ts'
import type { WindowState } from '../../tsdb/window/window.ts'
import type { Read } from './read.ts'

// What a pool of threads and its threads say to each other. A read has a number; after `read` the pool may send `cancel` and `more` of that
// number, and the thread sends one `failed`, or one `answered` and then parts, the last of which says so; `answered` has the first one, since each
// message wakes the other thread.
// A read that others help with: they are sent `assist`, of its number. Each `fragment` that its thread sends goes to all of them, and what they
// answer (`fragmentPart`, `fragmentFailed`) goes to it. When it is over they are sent `release`, and answer `released`.

/** Parts that a thread sends ahead of those that were taken. */
export const PARTS_AHEAD = 4
export const PART_BYTES = 256 * 1024

/** First of all. */
export interface OpenMessage {
  readonly kind: 'open'
  /** Of blocks' files, in memory. */
  readonly cacheBytes: number
  /** What all queries share, and which account is the thread's. */
  readonly memory: { readonly words: Int32Array<SharedArrayBuffer>; readonly bytesMax: number; readonly index: number }
  /** See Rehearsal. */
  readonly rehearsalRounds: number
}

export interface ReadMessage {
  readonly kind: 'read'
  readonly id: number
  readonly read: Read
  readonly lease: DbLease
  readonly settings: Omit<EngineSettings, 'optimiser'>
  readonly limits: { readonly samplesMax: number; readonly bytesMax: number }
  /** See ReadPlace. */
  readonly missing: readonly string[]
  /** How long ago the read came, how long it then waited for its turn, and how much time is left. */
  readonly sinceMs: number
  readonly queuedMs: number
  readonly leftMs: number
  /** Threads that help, each of which has such limits as well. */
  readonly helperCount: number
}

/** To help with a query of another thread. */
export interface AssistMessage {
  readonly kind: 'assist'
  readonly id: number
  /** Which of the query's helpers it is, from 0 on. */
  readonly helper: number
  readonly question: Question
  readonly lease: DbLease
  readonly settings: Omit<EngineSettings, 'optimiser'>
  readonly limits: { readonly samplesMax: number; readonly bytesMax: number }
  readonly leftMs: number
}

export interface FragmentMessage {
  readonly kind: 'fragment'
  readonly id: number
  /** Counts up from 0 within a read. */
  readonly number: number
  readonly fragment: Fragment
  /** By part: who has begun it. See ThreadHelpers. */
  readonly claims: Int32Array<SharedArrayBuffer>
}

export interface FragmentPartMessage {
  readonly kind: 'fragmentPart'
  readonly id: number
  readonly number: number
  readonly part: number
  readonly helper: number
  readonly found: FragmentPart | undefined
  /** The most that the helper has held for the query. */
  readonly bytesPeak: number
  readonly samplesPeak: number
}

export interface FragmentFailedMessage {
  readonly kind: 'fragmentFailed'
  readonly id: number
  readonly number: number
  readonly part: number
  readonly code: ErrorCode | undefined
  readonly message: string
  /** For its limits. */
  readonly isExceeded: boolean
}

export type ToThread =
  | OpenMessage
  | ReadMessage
  | AssistMessage
  | FragmentMessage
  | FragmentPartMessage
  | FragmentFailedMessage
  | { readonly kind: 'release'; readonly id: number }
  /** A helper has ended. */
  | { readonly kind: 'helperGone'; readonly id: number; readonly helper: number }
  | { readonly kind: 'cancel'; readonly id: number }
  /** A part was taken. */
  | { readonly kind: 'more'; readonly id: number }
  /** The answer to `catchUp`. */
  | { readonly kind: 'caughtUp'; readonly ordinal: number; readonly state: WindowState | undefined }
  | { readonly kind: 'keep'; readonly kept: KeptParts }

interface Part {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly isLast: boolean
}

export interface AnsweredMessage extends Part {
  readonly kind: 'answered'
  readonly id: number
  readonly contentType: string
  readonly stats: QueryStats | undefined
  readonly bytesPeak: number
}

export interface PartMessage extends Part {
  readonly kind: 'part'
  readonly id: number
}

export interface FailedMessage {
  readonly kind: 'failed'
  readonly id: number
  /** Undefined: a fault of ours, or of the world. */
  readonly code: ErrorCode | undefined
  readonly message: string
  readonly bytesPeak: number
}

export type FromThread =
  | AnsweredMessage
  | PartMessage
  | FailedMessage
  | FragmentMessage
  | FragmentPartMessage
  | FragmentFailedMessage
  | { readonly kind: 'released'; readonly id: number; readonly bytesPeak: number }
  | { readonly kind: 'catchUp'; readonly ordinal: number }
  /** What a stretch of rehearsing took, of time that passed. */
  | { readonly kind: 'rehearsed'; readonly ms: number }
