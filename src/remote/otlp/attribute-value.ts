// Values of attributes, and how they become text: labels have nothing else.
// Source: OpenTelemetry collector pdata/pcommon, Value.AsString; Go encoding/json.

/** Integers are numbers where a number holds them. A map is a KeyValues; undefined is the empty value. */
export type AttributeValue = string | boolean | number | bigint | Uint8Array | KeyValues | readonly AttributeValue[] | undefined

/** Names with values, in their order. A name may stand there twice. */
export class KeyValues {
  static readonly empty = new KeyValues()
  readonly keys: string[] = []
  readonly values: AttributeValue[] = []

  push(key: string, value: AttributeValue): void {
    this.keys.push(key)
    this.values.push(value)
  }

  get size(): number {
    return this.keys.length
  }

  /** As `PointAttributes`: they have been read, and it is not known from what. */
  all(): KeyValues {
    return this
  }

  get bytes(): undefined {
    return undefined
  }

  has(key: string): boolean {
    return this.keys.includes(key)
  }

  /** The value of the first of the name, as text; undefined: there is none. */
  text(key: string): string | undefined {
    const index = this.keys.indexOf(key)
    return index < 0 ? undefined : attributeText(this.values[index])
  }
}

/** Text as it is, numbers in decimal, bytes in base64, everything else as JSON. What JSON cannot say is empty. */
export function attributeText(value: AttributeValue): string {
  switch (typeof value) {
    case 'string':
      return value
    case 'undefined':
      return ''
    case 'boolean':
    case 'bigint':
      return String(value)
    case 'number':
      if (Number.isFinite(value)) return numberText(value)
      return `json: unsupported value: ${Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'}`
    default:
      return value instanceof Uint8Array ? base64(value) : (goJson(value) ?? '')
  }
}

/** Both languages go over to an exponent at the same sizes. */
function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

/** Undefined where there is a number that JSON has not. */
function goJson(value: AttributeValue): string | undefined {
  if (value === undefined) return 'null'
  if (typeof value === 'string') return jsonString(value)
  if (typeof value === 'number') return Number.isFinite(value) ? numberText(value) : undefined
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (value instanceof Uint8Array) return `"${base64(value)}"`
  const parts: string[] = []
  if (value instanceof KeyValues) {
    // A Go map: the last of a name wins, and names are in order.
    const last = new Map(value.keys.map((key, index) => [key, value.values[index]]))
    for (const key of [...last.keys()].sort(compareBytes)) {
      const text = goJson(last.get(key))
      if (text === undefined) return undefined
      parts.push(`${jsonString(key)}:${text}`)
    }
    return `{${parts.join(',')}}`
  }
  for (const item of value) {
    const text = goJson(item)
    if (text === undefined) return undefined
    parts.push(text)
  }
  return `[${parts.join(',')}]`
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/** Go writes what HTML or old JavaScript would take for something else in digits. */
function jsonString(text: string): string {
  return JSON.stringify(text).replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
