import { flag } from '../config/flags.ts'
import { compileSearchRegex } from '../model/regex.ts'
import { parseArguments } from './arguments.ts'

/** Flags of the commands that run files of named tests. */
export const wantedTestsFlags = {
  run: flag.texts({
    default: [],
    help: 'Only tests whose name matches the regular expression; may be given more than once.',
    placeholder: 'REGEX',
  }),
}

export interface WantedTests {
  readonly files: readonly string[]
  isWanted(name: string): boolean
}

/** Which tests of which files are to run. Throws where the arguments do not say it. */
export function wantedTests(args: readonly string[]): WantedTests {
  const { values, positional } = parseArguments(args, wantedTestsFlags, { positional: ['FILE'], repeatLast: true })
  const patterns = values.run.map(compileSearchRegex)
  return { files: positional, isWanted: (name) => patterns.length === 0 || patterns.some((pattern) => pattern.test(name)) }
}
