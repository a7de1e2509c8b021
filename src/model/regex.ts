import { RE2JS, RE2JSSyntaxException } from 're2js'
import { CodedError } from '../base/errors.ts'
import type { Sequence } from './regex-shape.ts'
import { commonPrefix, commonSuffix, literals, regexShape, sequenceTest } from './regex-shape.ts'
import { unrolledSize } from './regex-size.ts'
import { expandRegexTemplate, parseRegexTemplate } from './regex-template.ts'

/**
 * An RE2 regular expression, matched against whole strings (anchored at both ends) in linear time; `.` matches newlines.
 * Source: Prometheus model/labels/regexp.go; syntax: Go regexp/syntax.
 */
export interface Regex {
  readonly source: string
  /**
   * When only these strings can match: the alternatives of `a|b|c` or one literal. Lets an index look them up. May hold
   * the empty string, which an absent label has.
   */
  readonly setMatches: readonly string[] | undefined
  /** Every match starts with this; empty when nothing is known. */
  readonly prefix: string
  /** Numbers of the named groups. */
  readonly groupNames: ReadonlyMap<string, number>
  test(text: string): boolean
  /** The text and then the groups of a match, undefined for a group that took no part; null when the text does not match. */
  match(text: string): readonly (string | undefined)[] | null
}

/** A longer expression is refused, whatever it says. */
const SOURCE_LENGTH_MAX = 512 * 1024
/** The same for an expression that is not a plain list of literals: compiling costs up to 7 ms a KiB. */
const COMPILED_LENGTH_MAX = 32 * 1024
/** The same with counted repetitions written out, each of which the engine writes out: 100,000 take it some 400 ms. */
const UNROLLED_SIZE_MAX = 100_000
/** More alternatives than this are left to the engine, which tries them all at once. */
const SEQUENCE_TESTS_MAX = 16

const CACHE_SIZE_MAX = 256
const CACHED_LENGTH_MAX = 4096
/** Least recently used first. */
const cache = new Map<string, Regex>()

/** Throws a `bad_data` CodedError with upstream's wording when `source` is not RE2 syntax or too large. */
export function compileRegex(source: string): Regex {
  const known = cache.get(source)
  if (known !== undefined) {
    cache.delete(source)
    cache.set(source, known)
    return known
  }
  const regex = build(source)
  if (source.length <= CACHED_LENGTH_MAX) {
    if (cache.size >= CACHE_SIZE_MAX) cache.delete(cache.keys().next().value!)
    cache.set(source, regex)
  }
  return regex
}

/** The replacement with groups filled in (`$1`, `${name}`, `$$`), or null when the text does not match. */
export function regexReplace(regex: Regex, text: string, replacement: string): string | null {
  const template = parseRegexTemplate(replacement)
  if (template.literal !== undefined) return regex.test(text) ? template.literal : null
  const groups = regex.match(text)
  return groups === null ? null : expandRegexTemplate(template, groups, regex.groupNames)
}

/** The expression that upstream compiles and shows in errors of relabeling and `label_replace`. */
export function anchoredSource(source: string): string {
  return `^(?s:${source})$`
}

/**
 * The same as `compileRegex`, with the error that upstream gives where it compiles the anchored form: relabeling and
 * `label_replace`. An expression that only the anchoring makes whole, such as `a)(b`, is refused all the same.
 */
export function compileAnchoredRegex(source: string): Regex {
  try {
    return compileRegex(source)
  } catch (error) {
    if (source.length <= COMPILED_LENGTH_MAX && unrolledSize(source) <= UNROLLED_SIZE_MAX) compile(anchoredSource(source), 0)
    throw error
  }
}

/** An expression that is searched for: not anchored, and `.` matches no newline, as Go's regexp has it by default. */
export interface SearchRegex {
  test(text: string): boolean
  /** Every match replaced, groups filled in (`$1`, `${name}`, `$$`). */
  replaceAll(text: string, replacement: string): string
}

/** Throws a `bad_data` CodedError with Go's wording when `source` is not RE2 syntax or too large. */
export function compileSearchRegex(source: string): SearchRegex {
  if (source.length > COMPILED_LENGTH_MAX || unrolledSize(source) > UNROLLED_SIZE_MAX) throw tooLarge(source)
  const engine = compile(source, 0)
  const groupNames = new Map(Object.entries(engine.namedGroups()))
  return {
    test: (text) => engine.matcher(text).find(),
    replaceAll(text, replacement) {
      const template = parseRegexTemplate(replacement)
      const matcher = engine.matcher(text)
      let out = ''
      let offset = 0
      while (matcher.find()) {
        const groups: (string | undefined)[] = []
        for (let group = 0; group <= engine.groupCount(); group++) groups.push(matcher.group(group) ?? undefined)
        out += text.slice(offset, matcher.start()) + expandRegexTemplate(template, groups, groupNames)
        offset = matcher.end()
      }
      return out + text.slice(offset)
    },
  }
}

const NO_NAMES: ReadonlyMap<string, number> = new Map()

function build(source: string): Regex {
  if (source.length > SOURCE_LENGTH_MAX) throw tooLarge(source)
  if (!/[\\.+*?()[\]{}^$]/.test(source)) return fromLiterals(source, source.split('|'))
  if (source.length > COMPILED_LENGTH_MAX || unrolledSize(source) > UNROLLED_SIZE_MAX) throw tooLarge(source)

  const engine = compile(source, RE2JS.DOTALL)
  // A quotation without an end takes in what the anchoring puts behind it: upstream refuses it.
  if (source.includes('\\Q')) compile(anchoredSource(source), 0)
  const shape = regexShape(source)
  const setMatches = shape && literals(shape)
  return {
    source,
    setMatches,
    prefix: shape === undefined ? '' : commonPrefix(shape),
    groupNames: new Map(Object.entries(engine.namedGroups())),
    test: setMatches ? setTest(setMatches) : shape ? shapeTest(shape, engine) : (text) => engine.testExact(text),
    match: matchFunction(source, engine),
  }
}

function fromLiterals(source: string, alternatives: readonly string[]): Regex {
  const setMatches = [...new Set(alternatives)]
  const test = setTest(setMatches)
  const prefix = commonPrefix(setMatches.map((text) => [text]))
  return { source, setMatches, prefix, groupNames: NO_NAMES, test, match: (text) => (test(text) ? [text] : null) }
}

function setTest(strings: readonly string[]): (text: string) => boolean {
  if (strings.length === 1) {
    const [only] = strings
    return (text) => text === only
  }
  const set = new Set(strings)
  return (text) => set.has(text)
}

function shapeTest(shape: readonly Sequence[], engine: RE2JS): (text: string) => boolean {
  const tests = shape.map(sequenceTest)
  if (tests.length <= SEQUENCE_TESTS_MAX && tests.every((test) => test !== undefined)) {
    if (tests.length === 1) return tests[0]
    return (text) => {
      for (const test of tests) if (test(text)) return true
      return false
    }
  }
  const prefix = commonPrefix(shape)
  const suffix = commonSuffix(shape)
  return (text) => text.startsWith(prefix) && text.endsWith(suffix) && engine.testExact(text)
}

function matchFunction(source: string, engine: RE2JS): Regex['match'] {
  if (source === '(.*)') return (text) => [text, text]
  if (source === '(.+)') return (text) => (text === '' ? null : [text, text])
  const groupCount = engine.groupCount()
  return (text) => {
    const matcher = engine.matcher(text)
    if (!matcher.matches()) return null
    const groups: (string | undefined)[] = [text]
    for (let group = 1; group <= groupCount; group++) groups.push(matcher.group(group) ?? undefined)
    return groups
  }
}

/** What the engine puts before an expression when a flag asks it to, and shows in its errors. */
const DOTALL_PREFIX = '(?s)'

function compile(source: string, flags: number): RE2JS {
  try {
    return RE2JS.compile(source, flags)
  } catch (cause) {
    if (!(cause instanceof RE2JSSyntaxException)) throw tooLarge(source, cause)
    const input = cause.input ?? ''
    const shown = flags === RE2JS.DOTALL && input.startsWith(DOTALL_PREFIX) ? source : input
    throw new CodedError('bad_data', `error parsing regexp: ${cause.error}: \`${shown}\``, { cause })
  }
}

function tooLarge(source: string, cause?: unknown): CodedError {
  const shown = source.length > 64 ? `${source.slice(0, 64)}…` : source
  return new CodedError('bad_data', `error parsing regexp: expression too large: \`${shown}\``, { cause })
}
