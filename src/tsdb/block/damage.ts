/** A file of a block is not what it says, or not what we can read. The message names file, offset, what was found and what was wanted. */
export class DamageError extends Error {
  readonly path: string
  readonly offset: number

  constructor(path: string, offset: number, what: string, found: string | number, wanted: string | number) {
    super(`${path} at offset ${offset}: ${what} is ${found}, want ${wanted}`)
    this.name = 'DamageError'
    this.path = path
    this.offset = offset
  }
}

/** A checksum or a magic number as it is printed. */
export function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0')
}

/** The file whose bytes are wrong, or missing, when that is what an error says: another try will not help then. */
export function damagedPath(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof DamageError) return cause.path
    const { code, path } = cause as { code?: string; path?: string }
    if (code === 'ENOENT') return path ?? ''
  }
  return undefined
}
