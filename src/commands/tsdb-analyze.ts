import { goDurationText } from '../base/go-duration.ts'
import { flag, flagHelp } from '../config/flags.ts'
import { METRIC_NAME } from '../model/labels.ts'
import { parseMetricSelector } from '../promql/parser/parse.ts'
import { unlimitedContext } from '../storage/query-context.ts'
import { Block } from '../tsdb/block/block.ts'
import { BlockCache } from '../tsdb/block/block-cache.ts'
import { listBlocks } from '../tsdb/block/block-set.ts'
import { parseArguments } from './arguments.ts'
import { EXIT } from './command.ts'
import { parsedCommand } from './parsed-command.ts'
import { DEFAULT_DIRECTORY, dataDirectory, TOOL_CACHE_BYTES } from './tsdb-output.ts'

const flags = {
  limit: flag.integer({ default: 20, help: 'Items of each list.' }),
  match: flag.text({ default: '', help: 'Selector of the series to look at; all without.', placeholder: 'SELECTOR' }),
}

/** `tsdb analyze`. Source of the form: promtool tsdb analyze. */
export const tsdbAnalyzeCommand = parsedCommand({
  name: 'tsdb analyze',
  summary: 'Say of what labels the series of a block consist.',
  help: `Usage: promontory tsdb analyze [flags] [DIR] [BLOCK]

Says of what labels the series of a block consist, and which come and go: the last block of a data directory (default: ${DEFAULT_DIRECTORY}),
or the one that is named. Chunks are not read.
Exit code 0, 1 when it did not work, 2 when the command was typed wrongly.

Flags:
${flagHelp(flags)}`,
  parse(args) {
    const { values, positional } = parseArguments(args, flags, { repeatLast: true })
    const [directory = DEFAULT_DIRECTORY, ulid, ...others] = positional
    return {
      directory: dataDirectory([directory, ...others], 'a directory and a block'),
      ulid,
      limit: values.limit,
      selector: values.match,
      matchers: values.match === '' ? [] : parseMetricSelector(values.match),
    }
  },
  async run({ directory, ulid, limit, selector, matchers }, { io, signal, ...context }) {
    const env = context.env({ level: 'warn', format: 'logfmt' })
    const { blocks } = await listBlocks(env.fs, directory)
    if (blocks.length === 0) throw new Error('no blocks found')
    const listed = ulid === undefined ? blocks.at(-1) : blocks.find(({ meta }) => meta.ulid === ulid)
    if (listed === undefined) throw new Error(`invalid block ID ${ulid}`)
    const block = await Block.open(env, listed.directory, new BlockCache(TOOL_CACHE_BYTES))
    try {
      const { minTime, maxTime, stats } = block.meta
      const counts = new LabelCounts(maxTime - minTime)
      for await (const series of block.describeSeries(matchers, unlimitedContext(signal))) {
        counts.add(series.labels, maxTime - minTime - (series.maxTime - series.minTime))
      }
      io.out(`Block ID: ${block.meta.ulid}`)
      io.out(`Duration: ${goDurationText(maxTime - minTime)}`)
      io.out(`Total Series: ${stats.numSeries}`)
      if (selector !== '') io.out(`Matcher: ${selector}`)
      for (const line of counts.lines(limit, selector !== '')) io.out(line)
      return EXIT.ok
    } finally {
      await block.close()
    }
  },
})

/** What is counted of a label pair: series, and ms of the block's range that they do not cover. */
interface PairCount {
  readonly name: string
  readonly value: string
  seriesCount: number
  uncoveredMs: number
}

class LabelCounts {
  readonly #rangeMs: number
  readonly #pairs = new Map<string, Map<string, PairCount>>()
  #seriesCount = 0
  #entryCount = 0

  constructor(rangeMs: number) {
    this.#rangeMs = rangeMs
  }

  add(labels: Iterable<readonly [string, string]>, uncoveredMs: number): void {
    this.#seriesCount++
    for (const [name, value] of labels) {
      let values = this.#pairs.get(name)
      if (values === undefined) this.#pairs.set(name, (values = new Map()))
      let pair = values.get(value)
      if (pair === undefined) values.set(value, (pair = { name, value, seriesCount: 0, uncoveredMs: 0 }))
      pair.seriesCount++
      pair.uncoveredMs += uncoveredMs
      this.#entryCount++
    }
  }

  lines(limit: number, hasSelector: boolean): string[] {
    const pairs = [...this.#pairs.values()].flatMap((values) => [...values.values()])
    const names = [...this.#pairs].map(([name, values]) => ({ name, pairs: [...values.values()] }))
    const pairText = ({ name, value }: PairCount) => `${name}=${value}`
    const sum = (of: readonly PairCount[], count: (pair: PairCount) => number) => of.reduce((total, pair) => total + count(pair), 0)
    const ranges = (uncoveredMs: number) => Math.floor(uncoveredMs / this.#rangeMs)
    const list = (title: string, items: readonly (readonly [count: number, text: string])[]) => [
      '',
      `${title}:`,
      ...[...items]
        .sort((a, b) => b[0] - a[0] || (a[1] < b[1] ? -1 : 1))
        .slice(0, limit)
        .map(([count, text]) => `${count} ${text}`),
    ]
    return [
      `Label names: ${names.length}`,
      ...(hasSelector ? [`Matched series: ${this.#seriesCount}`] : []),
      `Postings (unique label pairs): ${pairs.length}`,
      `Postings entries (total label pairs): ${this.#entryCount}`,
      ...list(
        'Label pairs most involved in churning',
        pairs.map((pair) => [ranges(pair.uncoveredMs), pairText(pair)]),
      ),
      ...list(
        'Label names most involved in churning',
        names.map(({ name, pairs: own }) => [ranges(sum(own, (pair) => pair.uncoveredMs)), name]),
      ),
      ...list(
        'Most common label pairs',
        pairs.map((pair) => [pair.seriesCount, pairText(pair)]),
      ),
      ...list(
        'Label names with highest cumulative label value length',
        names.map(({ name, pairs: own }) => [sum(own, ({ value }) => Buffer.byteLength(value)), name]),
      ),
      ...list(
        'Highest cardinality labels',
        names.map(({ name, pairs: own }) => [own.length, name]),
      ),
      ...list(
        'Highest cardinality metric names',
        names.find(({ name }) => name === METRIC_NAME)?.pairs.map(({ value, seriesCount }) => [seriesCount, value]) ?? [],
      ),
    ]
  }
}
