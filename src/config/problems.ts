import { CodedError } from '../base/errors.ts'
import type { Position } from '../base/yaml-tree.ts'

/** A place in a configuration file. */
export interface ConfigPlace extends Position {
  readonly file: string
}

/** Something that the file asks for and does not get, or should say in another way. What reads it runs all the same. */
export interface ConfigWarning extends ConfigPlace {
  /**
   * `unsupported`: known upstream, not built here. `unreadable`: a file of credentials or certificates. `unused`: nobody reads it.
   * `duplicates`: what is sent comes twice. `old`: a notation that will not be read for ever.
   */
  readonly kind: 'unsupported' | 'unreadable' | 'unused' | 'duplicates' | 'old'
  /** Path without list positions: `scrape_configs.oauth2`. */
  readonly field: string
  readonly message: string
}

export interface ConfigProblem extends ConfigPlace {
  readonly message: string
}

/** `prometheus.yml:5:3: what is wrong` */
export function formatPlace(problem: ConfigProblem): string {
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.message}`
}

/** A file that cannot be used, with all that is wrong with it, by file and place. The message has a line for each. */
export class ConfigError extends CodedError {
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[], options?: ErrorOptions) {
    // What a merge key repeats is wrong at one place only.
    const unique = new Map(problems.map((problem) => [formatPlace(problem), problem]))
    const sorted = [...unique.values()].sort((a, b) =>
      a.file === b.file ? a.line - b.line || a.column - b.column : a.file < b.file ? -1 : 1,
    )
    super('bad_data', sorted.map(formatPlace).join('\n'), options)
    this.name = 'ConfigError'
    this.problems = sorted
  }
}
