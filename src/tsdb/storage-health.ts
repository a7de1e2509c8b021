import { CodedError, errorMessage } from '../base/errors.ts'

/** What the disk does. */
export const DISK_STATES = ['normal', 'full', 'denied', 'gone', 'failing'] as const
export type DiskState = (typeof DISK_STATES)[number]

/** What stores: the log, without which nothing is taken, and the making of blocks, which waits. */
export const STORING_PARTS = ['log', 'blocks'] as const
export type StoringPart = (typeof STORING_PARTS)[number]

const STATE_OF_CODE: Readonly<Record<string, DiskState>> = {
  ENOSPC: 'full',
  EDQUOT: 'full',
  EACCES: 'denied',
  EPERM: 'denied',
  EROFS: 'denied',
  ENOENT: 'gone',
  ENOTDIR: 'gone',
  ESTALE: 'gone',
  ENODEV: 'gone',
}

/** What is said to who brings samples while the log takes none. */
export function refusedByDisk(cause: unknown): CodedError {
  return new CodedError('unavailable', `no samples are taken until the disk does again: ${errorMessage(cause)}`, { cause })
}

/** What an error says of the disk. */
export function diskStateOf(error: unknown): DiskState {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as { code?: unknown }
    if (typeof code === 'string' && /^E[A-Z]+$/.test(code)) return STATE_OF_CODE[code] ?? 'failing'
  }
  return 'failing'
}

/** What the disk does for each part, as it was seen last. */
export class StorageHealth {
  readonly #states = new Map<StoringPart, DiskState>()
  readonly #listeners: ((part: StoringPart, state: DiskState) => void)[] = []

  state(part: StoringPart): DiskState {
    return this.#states.get(part) ?? 'normal'
  }

  set(part: StoringPart, state: DiskState): void {
    if (state === this.state(part)) return
    this.#states.set(part, state)
    for (const listener of this.#listeners) listener(part, state)
  }

  /** Told of every change. */
  onChange(listener: (part: StoringPart, state: DiskState) => void): void {
    this.#listeners.push(listener)
  }
}
