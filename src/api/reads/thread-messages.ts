import type { ErrorCode } from '../../base/errors.ts'
import type { EngineSettings } from '../../promql/evaluate.ts'
import type { QueryStats } from '../../promql/value.ts'
import type { DbLease, KeptParts } from '../../tsdb/db-lender.ts'
import type { WindowState } from '../../tsdb/window/window.ts'
import type { Read } from './read.ts'

// What a pool of threads and its threads say to each other. A read has a number; after `read` the pool may send `cancel` and `more` of that
// number, and the thread sends one `failed`, or one `answered` and then parts, the last of which says so.

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
}

export interface ReadMessage {
  readonly kind: 'read'
  readonly id: number
  readonly read: Read
  readonly lease: DbLease
  readonly settings: Omit<EngineSettings, 'optimiser'>
  readonly limits: { readonly samplesMax: number; readonly bytesMax: number }
  /** How long ago the read came, how long it then waited for its turn, and how much time is left. */
  readonly sinceMs: number
  readonly queuedMs: number
  readonly leftMs: number
}

export type ToThread =
  | OpenMessage
  | ReadMessage
  | { readonly kind: 'cancel'; readonly id: number }
  /** A part was taken. */
  | { readonly kind: 'more'; readonly id: number }
  /** The answer to `catchUp`. */
  | { readonly kind: 'caughtUp'; readonly ordinal: number; readonly state: WindowState | undefined }
  | { readonly kind: 'keep'; readonly kept: KeptParts }

export interface AnsweredMessage {
  readonly kind: 'answered'
  readonly id: number
  readonly contentType: string
  readonly stats: QueryStats | undefined
  readonly bytesPeak: number
}

export interface PartMessage {
  readonly kind: 'part'
  readonly id: number
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly isLast: boolean
}

export interface FailedMessage {
  readonly kind: 'failed'
  readonly id: number
  /** Undefined: a fault of ours, or of the world. */
  readonly code: ErrorCode | undefined
  readonly message: string
  readonly bytesPeak: number
}

export type FromThread = AnsweredMessage | PartMessage | FailedMessage | { readonly kind: 'catchUp'; readonly ordinal: number }
