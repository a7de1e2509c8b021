import { CodedError } from '../base/errors.ts'
import { type FlagTable, type ParsedFlags, parseFlags } from '../config/flags.ts'

export interface ParsedArguments<F extends FlagTable> extends ParsedFlags<F> {
  /** What is no flag, one for each name asked for. */
  readonly positional: readonly string[]
}

export interface ArgumentsOptions {
  /** Names of what must be given besides flags, in order. */
  readonly positional?: readonly string[]
  /** Takes more than one of the last. */
  readonly repeatLast?: boolean
  /** Long names of short flags: `{ o: 'format' }`. */
  readonly short?: Readonly<Record<string, string>>
}

/** Arguments of a tool: flags and others in any order, everything after `--` no flag; nor is `-1`, a query. Throws `bad_data`. */
export function parseArguments<F extends FlagTable>(args: readonly string[], table: F, options: ArgumentsOptions = {}): ParsedArguments<F> {
  const { positional: names = [], repeatLast = false, short = {} } = options
  const flags: string[] = []
  const positional: string[] = []
  for (let index = 0; index < args.length; index++) {
    const arg = args[index]
    if (arg === '--') {
      positional.push(...args.slice(index + 1))
      break
    }
    const [, letter, attached] = /^-([a-zA-Z])(.*)$/s.exec(arg) ?? []
    if (letter !== undefined && short[letter] !== undefined) {
      if (table[short[letter]].isSwitch && attached === '') {
        flags.push(`--${short[letter]}`)
        continue
      }
      // `-ojson`, `-o=json` and `-o json` are one.
      flags.push(attached === '' ? `--${short[letter]}` : `--${short[letter]}=${attached.replace(/^=/, '')}`)
      if (attached === '' && index + 1 < args.length) flags.push(args[++index])
    } else if (/^--|^-[a-zA-Z]/.test(arg)) {
      flags.push(arg)
      const known = table[arg.slice(2)]
      if (known !== undefined && !known.isSwitch && index + 1 < args.length) flags.push(args[++index])
    } else positional.push(arg)
  }
  const parsed = parseFlags(flags, table)
  if (positional.length < names.length) throw new CodedError('bad_data', `found no ${names[positional.length]}, want ${names.join(' ')}`)
  if (positional.length > names.length && !repeatLast)
    throw new CodedError('bad_data', `unexpected ${positional[names.length]}, want ${names.length === 0 ? 'flags only' : names.join(' ')}`)
  return { ...parsed, positional }
}
