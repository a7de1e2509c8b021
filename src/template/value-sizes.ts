import { GoList, GoMap, GoObject, GoSafeText, GoStruct, type Value } from './value.ts'

/** What a part costs beside its characters. */
const PART_SIZE = 1

/**
 * About how many characters values have when they are written out. What a value has in it twice counts twice: a map that has another one twice,
 * which has a third twice, is small in memory and without end on paper.
 */
export class ValueSizes {
  readonly #known = new WeakMap<GoObject, number>()

  of(value: Value): number {
    if (typeof value === 'string') return value.length
    if (!(value instanceof GoObject)) return PART_SIZE
    let size = this.#known.get(value)
    if (size === undefined) {
      size = this.#parts(value)
      this.#known.set(value, size)
    }
    return size
  }

  #parts(value: GoObject): number {
    let size = PART_SIZE
    if (value instanceof GoList) for (const item of value.items) size += PART_SIZE + this.of(item)
    else if (value instanceof GoSafeText) size += value.text.length
    else if (value instanceof GoMap) for (const [key, item] of value.entries) size += PART_SIZE + key.length + this.of(item)
    else if (value instanceof GoStruct) for (const [name, item] of value.fields) size += PART_SIZE + name.length + this.of(item)
    return size
  }
}
