// Names of labels. Source: prometheus/otlptranslator, label_namer.go and strconv.go.

import { quote } from '../../base/go-quote.ts'
import { Untranslatable } from './request-fault.ts'

export interface LabelNameRules {
  /** Characters outside of the old alphabet stay. */
  readonly allowUtf8: boolean
  /** What starts with one `_` gets `key` in front. */
  readonly prefixUnderscore: boolean
  /** Several `_` in a row stay. */
  readonly keepUnderscores: boolean
}

/** Names that were asked for: an attribute's name comes again with every point. */
const REMEMBERED_MAX = 4096

/** Makes names of labels from names of attributes. */
export class LabelNames {
  readonly #rules: LabelNameRules
  readonly #known = new Map<string, string>()

  constructor(rules: LabelNameRules) {
    this.#rules = rules
  }

  /** Throws Untranslatable where no name is left. */
  of(attribute: string): string {
    const known = this.#known.get(attribute)
    if (known !== undefined) return known
    const name = labelName(attribute, this.#rules)
    if (this.#known.size < REMEMBERED_MAX) this.#known.set(attribute, name)
    return name
  }
}

function labelName(attribute: string, { allowUtf8, prefixUnderscore, keepUnderscores }: LabelNameRules): string {
  if (attribute === '') throw new Untranslatable('label name is empty')
  if (allowUtf8) {
    if (/^_*$/.test(attribute)) throw new Untranslatable(`label name ${quote(attribute)} contains only underscores`)
    return attribute
  }
  let name = keepUnderscores ? attribute.replace(/[^a-zA-Z0-9]/gu, '_') : collapsed(attribute)
  if (/^[0-9]/.test(name)) name = `key_${name}`
  else if (prefixUnderscore && /^_(?!_)/.test(name)) name = `key${name}`
  if (/^_*$/.test(name))
    throw new Untranslatable(`normalization for label name ${quote(attribute)} resulted in invalid name ${quote(name)}`)
  return name
}

/** Several characters in a row become one `_`, but for those around a reserved name. */
function collapsed(attribute: string): string {
  const reserved = attribute.length >= 4 ? /^__(.*)__$/su.exec(attribute) : null
  if (reserved !== null) return `__${reserved[1].replace(/[^a-zA-Z0-9]+/gu, '_')}__`
  return attribute.replace(/[^a-zA-Z0-9]+/gu, '_')
}
