import { CodedError, wrapError } from '../base/errors.ts'
import { compileRegex, type Regex } from '../model/regex.ts'

/** Device names come and go (one a container): the cache of verdicts starts anew here. */
const CACHED_MAX = 10_000

/** Which devices, mount points or types a collector reports: all but `exclude`, or only `include`. Both match anywhere in the name. */
export class NameFilter {
  readonly #include: Regex | undefined
  readonly #exclude: Regex | undefined
  readonly #verdicts = new Map<string, boolean>()

  /** `flag` names the pair of flags in errors: `collector.netdev.device`. Empty patterns are absent ones. */
  constructor(flag: string, { include, exclude }: { readonly include: string; readonly exclude: string }) {
    if (include !== '' && exclude !== '') {
      throw new CodedError('bad_data', `--${flag}-include and --${flag}-exclude are mutually exclusive`)
    }
    this.#include = compile(`--${flag}-include`, include)
    this.#exclude = compile(`--${flag}-exclude`, exclude)
  }

  accepts(name: string): boolean {
    let accepted = this.#verdicts.get(name)
    if (accepted === undefined) {
      accepted = !this.#exclude?.test(name) && (this.#include?.test(name) ?? true)
      if (this.#verdicts.size >= CACHED_MAX) this.#verdicts.clear()
      this.#verdicts.set(name, accepted)
    }
    return accepted
  }
}

function compile(flag: string, pattern: string): Regex | undefined {
  if (pattern === '') return undefined
  try {
    // By itself first: its fault is told without what we put around it, and it cannot close our bracket.
    compileRegex(pattern)
    // Our expressions match whole strings; node_exporter's match anywhere.
    return compileRegex(`.*(?:${pattern}).*`)
  } catch (error) {
    throw wrapError(flag, error)
  }
}
