import { ExpositionError } from '../../src/exposition/exposition-error.ts'
import { type PageFormat, type PageParserOptions, pageParserFor } from '../../src/exposition/page-formats.ts'
import { Entry } from '../../src/exposition/page-parser.ts'

/** Everything that a parser can tell about a page of any bytes, or why it is refused. Any other error is a fault of ours, and thrown. */
export interface PageReading {
  readonly entryCount: number
  readonly sampleCount: number
  readonly refusal: string | undefined
}

export function readAnyPage(format: PageFormat, options: PageParserOptions, content: Uint8Array): PageReading {
  const parser = pageParserFor(format, options)
  const bytes = new Uint8Array(content.length + 1)
  bytes.set(content)
  let entryCount = 0
  let sampleCount = 0
  try {
    parser.reset(bytes, content.length)
    for (let entry = parser.next(); entry !== Entry.end; entry = parser.next()) {
      entryCount++
      if (parser.position > content.length + 1) throw new Error(`position ${parser.position} in a page of ${content.length} bytes`)
      if (entry !== Entry.series) continue
      sampleCount++
      parser.labels()
      parser.emptyLabelNames()
      parser.exemplars(0)
      parser.startTime()
      if (parser.isHistogram) parser.histogram()
    }
    return { entryCount, sampleCount, refusal: undefined }
  } catch (error) {
    if (error instanceof ExpositionError) return { entryCount, sampleCount, refusal: error.message }
    throw error
  }
}

/** All that can be asked of a parser, in every combination. */
export function allParserOptions(): PageParserOptions[] {
  return Array.from({ length: 16 }, (_, bits) => ({
    ignoreNativeHistograms: (bits & 1) !== 0,
    keepClassicHistograms: (bits & 2) !== 0,
    convertClassicHistograms: (bits & 4) !== 0,
    startTimes: (bits & 8) !== 0,
  }))
}
