// Regular expressions as they stand in matchers and relabeling, from plain lists of words to the corners of the syntax; some are broken.
import type { Random } from '../../src/base/env.ts'

/** What is matched against them. */
export const SUBJECTS = [
  'a',
  'A',
  'b',
  'ab',
  'abc',
  'ABC',
  'aab',
  'a.b',
  'a-b',
  'a b',
  'a/b/c',
  'a\nb',
  '\n',
  ' ',
  '1',
  '10',
  '42',
  '200',
  '404',
  '500',
  'node-1:9100',
  'eu-west-1',
  'prod',
  'production',
  'foo',
  'bar',
  'foobar',
  'foo.bar',
  'é',
  'É',
  'ß',
  'ſ',
  'K',
  'İ',
  '日本',
  '😀',
  '$',
  '(',
  '\\',
  '{}',
  'aaaaaaaaaaaaaaaaaaaa',
]

const WORDS = ['a', 'b', 'ab', 'abc', 'foo', 'bar', 'prod', '1', '10', 'é', '日本', '😀', '', 'eu-west', 'ß', 'K']
const CLASSES = [
  '[ab]',
  '[^a]',
  '[a-z]',
  '[[:alpha:]]',
  '[[:^digit:]]',
  '[\\w-]',
  '[^\\n]',
  '\\d',
  '\\D',
  '\\w',
  '\\W',
  '\\s',
  '\\S',
  '\\pL',
  '\\p{Lu}',
  '\\P{Greek}',
  '\\p{^Latin}',
  '[é-ü]',
  '[\\x{61}-\\x63]',
  '[a-]',
  '[]a]',
  '[^]]',
  '[\\]]',
  '.',
  '\\x{1F600}',
  '\\C',
  '[[:word:]]',
  '[z-a]',
  '[',
  '[[:nope:]]',
  '\\p{Nope}',
  '\\pN',
]
const ESCAPES = [
  '\\.',
  '\\\\',
  '\\n',
  '\\t',
  '\\-',
  '\\/',
  '\\x41',
  '\\101',
  '\\Qa.b\\E',
  '\\Q',
  '\\a',
  '\\z',
  '\\A',
  '\\b',
  '\\B',
  '\\G',
  '\\Z',
  '\\1',
  '\\e',
  '\\8',
  '\\k<n>',
  '\\é',
  '\\_',
  '\\%',
]
const SUFFIXES = [
  '*',
  '+',
  '?',
  '*?',
  '+?',
  '??',
  '{2}',
  '{1,}',
  '{0,3}',
  '{,2}',
  '{1,2}?',
  '{1001}',
  '{2,1}',
  '**',
  '+*',
  '{',
  '{a}',
  '{1',
  '*+',
]
const FLAGS = [
  '(?i)',
  '(?s)',
  '(?-s)',
  '(?m)',
  '(?U)',
  '(?is)',
  '(?i-s)',
  '(?x)',
  '(?)',
  '(?-)',
  '(?i:',
  '(?:',
  '(',
  '(?P<n>',
  '(?<n>',
  '(?<1>',
  '(?P<n',
  '(?=',
  '(?!',
  '(?<=',
  '(?#',
  '(?P=n)',
  '(?P>n)',
  '(?|',
]

export class RegexGenerator {
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  next(): string {
    const source = this.#below(5) === 0 ? this.#list() : this.#expression(3)
    return this.#below(8) === 0 ? this.#damaged(source) : source
  }

  #below(count: number): number {
    return Math.floor(this.#random.next() * count)
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[this.#below(choices.length)]
  }

  #list(): string {
    const words = Array.from({ length: 1 + this.#below(5) }, () => this.#pick(WORDS))
    const list = words.join('|')
    return this.#pick([
      list,
      `(${list})`,
      `(?:${list}).*`,
      `.*(${list})`,
      `.*(?:${list}).*`,
      `^(?:${list})$`,
      `(?i)${list}`,
      `${list}.+`,
      `.+${list}`,
      `(?i:${list})`,
      `${words[0]}(?:${list})?`,
    ])
  }

  #expression(depth: number): string {
    const parts = Array.from({ length: 1 + this.#below(3) }, () => this.#sequence(depth))
    return parts.join('|')
  }

  #sequence(depth: number): string {
    return Array.from({ length: this.#below(4) }, () => this.#item(depth) + (this.#below(3) === 0 ? this.#pick(SUFFIXES) : '')).join('')
  }

  #item(depth: number): string {
    const kind = this.#below(10)
    if (kind < 4) return this.#pick(WORDS)
    if (kind < 6) return this.#pick(CLASSES)
    if (kind === 6) return this.#pick(ESCAPES)
    if (kind === 7) return this.#pick(['^', '$', '.*', '.+', '.'])
    if (depth === 0) return 'x'
    const open = this.#pick(FLAGS)
    // Most groups are whole.
    return open.endsWith(')') ? open : `${open}${this.#expression(depth - 1)}${this.#below(12) === 0 ? '' : ')'}`
  }

  #damaged(source: string): string {
    // Whole characters: half of one is no text.
    const characters = [...source]
    const at = this.#below(characters.length + 1)
    const [before, after] = [characters.slice(0, at).join(''), characters.slice(at)]
    const bit = this.#pick(['(', ')', '[', ']', '{', '}', '*', '|', '\\', '?', '^', '$', '\n', '\u0000', '-', ':', 'é'])
    return before + (this.#below(2) === 0 ? bit + after.join('') : after.slice(1 + this.#below(2)).join(''))
  }
}
