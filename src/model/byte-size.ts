import { CodedError } from '../base/errors.ts'

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB', 'EB'] as const

/**
 * `10MB`, `1GiB512MiB`, `1.5GB`, in bytes; units are powers of 1024 with and without the `i`. Only `0` needs no unit.
 * Source: alecthomas/units ParseBase2Bytes, which upstream uses for body_size_limit and retention sizes.
 */
export function parseByteSize(text: string): number {
  if (text === '0') return 0
  let sizeBytes = 0
  for (let rest = text, first = true; rest !== '' || first; first = false) {
    const part = /^(\d+\.?\d*|\.\d+)([a-zA-Z]*)/.exec(rest)
    if (part === null) throw new CodedError('bad_data', `units: invalid ${text}`)
    const exponent = UNITS.indexOf(part[2].replace(/^([KMGTPE])iB$/, '$1B') as (typeof UNITS)[number])
    if (exponent < 0) throw new CodedError('bad_data', `units: unknown unit ${part[2]} in ${text}`)
    sizeBytes += Number(part[1]) * 1024 ** exponent
    rest = rest.slice(part[0].length)
  }
  if (sizeBytes >= 2 ** 63) throw new CodedError('bad_data', `units: ${text} is more than 8EB`)
  return Math.trunc(sizeBytes)
}

/** `1GiB512MiB`, as upstream prints sizes; `0B` for nothing. */
export function formatByteSize(sizeBytes: number): string {
  let out = ''
  let rest = sizeBytes
  for (let exponent = UNITS.length - 1; exponent >= 0; exponent--) {
    const count = Math.floor(rest / 1024 ** exponent)
    if (count === 0) continue
    out += `${count}${exponent === 0 ? 'B' : UNITS[exponent].replace('B', 'iB')}`
    rest -= count * 1024 ** exponent
  }
  return out === '' ? '0B' : out
}
