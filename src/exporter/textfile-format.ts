import { CodedError } from '../base/errors.ts'
import { Entry } from '../exposition/page-parser.ts'
import { TextParser } from '../exposition/text-parser.ts'
import type { TextMetricType } from '../exposition/text-writer.ts'

import type { MetricType } from '../model/metadata.ts'

export interface TextfileSample {
  /** The series in its canonical form: equal for equal label sets. */
  readonly series: string
  /** The sample as the file has it. */
  readonly line: string
}

export interface TextfileFamily {
  readonly name: string
  readonly type: TextMetricType
  readonly help: string
  readonly samples: readonly TextfileSample[]
}

interface OpenFamily {
  readonly name: string
  type: TextMetricType
  help: string
  readonly samples: TextfileSample[]
}

/**
 * The families of a file in text format. Throws `bad_data` where it is not that format, carries timestamps (a file's time of
 * writing says nothing of when a scrape sees it), has a series twice or a TYPE after samples.
 */
export function parseTextfile(body: Uint8Array): TextfileFamily[] {
  // The parser wants room for one byte after the page, and a last line may lack its newline.
  const bytes = new Uint8Array(body.length + 2)
  bytes.set(body)
  bytes[body.length] = NEWLINE
  const parser = new TextParser()
  parser.reset(bytes, body.length + 1)
  const decoder = new TextDecoder()
  const families = new Map<string, OpenFamily>()
  const seen = new Set<string>()

  for (let start = 0; ; start = parser.position) {
    const entry = parser.next()
    if (entry === Entry.end) break
    if (entry === Entry.comment) continue
    const line = decoder.decode(bytes.subarray(start, parser.position)).trim()
    if (entry === Entry.type || entry === Entry.help) {
      const [, , name, text = ''] = /^#\s*(TYPE|HELP)\s+(\S+)(?:\s(.*))?$/s.exec(line) ?? []
      if (name === undefined) continue
      const family = familyOf(name)
      if (entry === Entry.help) family.help = unescapeHelp(text)
      else if (family.samples.length > 0) throw new CodedError('bad_data', `TYPE of ${name} stands after its samples`)
      else family.type = textTypeOf(parser.type)
      continue
    }
    if (parser.hasTimestamp) throw new CodedError('bad_data', `a timestamp in "${line.slice(0, 100)}", want none in a textfile`)
    const labels = parser.labels()
    const series = labels.toString()
    if (seen.has(series)) throw new CodedError('bad_data', `${series} is there twice`)
    seen.add(series)
    familyOf(familyName(labels.get('__name__') ?? '')).samples.push({ series, line })
  }
  return [...families.values()].filter(({ samples }) => samples.length > 0)

  function familyOf(name: string): OpenFamily {
    let family = families.get(name)
    if (family === undefined) {
      family = { name, type: 'untyped', help: '', samples: [] }
      families.set(name, family)
    }
    return family
  }

  /** The family that a sample belongs to: a histogram's and a summary's samples have suffixes. */
  function familyName(sample: string): string {
    for (const suffix of ['_bucket', '_count', '_sum']) {
      if (!sample.endsWith(suffix)) continue
      const name = sample.slice(0, -suffix.length)
      const type = families.get(name)?.type
      if (type === 'histogram' || (type === 'summary' && suffix !== '_bucket')) return name
    }
    return sample
  }
}

const NEWLINE = 10

/** The text parser knows no other types than these. */
function textTypeOf(type: MetricType): TextMetricType {
  return type === 'counter' || type === 'gauge' || type === 'histogram' || type === 'summary' ? type : 'untyped'
}

function unescapeHelp(text: string): string {
  return text.replace(/\\([\\n])/g, (_, char: string) => (char === 'n' ? '\n' : char))
}
