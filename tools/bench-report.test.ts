import assert from 'node:assert/strict'
import { test } from 'node:test'
import { median, scenarioReport, spread, withSections } from './bench-report.ts'

test('the middle of runs, and how far they are apart', () => {
  const check = (values: number[], want: string) => assert.equal(spread(values), want)
  check([], '-')
  check([3], '3')
  check([3, 1, 2.5], '2.5 (1-3)')
  check([1, 2], '1.5 (1-2)')
  check([123.456, 1000.4], '562 (123-1000)')
  assert.equal(median([9, 1, 5]), 5)
})

test('ratios are ours to a peer, of medians; what is missing is a dash', () => {
  const run = (server: string, cpuSecPerMSamples: number, restart?: object) => ({ server, result: { cpuSecPerMSamples, restart } })
  const lines = scenarioReport('scrape5', [
    run('Prometheus', 4, { readyMs: 700 }),
    run('Prometheus', 5),
    run('Promontory', 1),
    run('Promontory', 2),
    run('Promontory', 1.5),
  ])
  assert.match(lines[0], /^runs: Prometheus 2, VictoriaMetrics 0, Promontory 3/)
  assert.match(lines.find((line) => line.startsWith('CPU seconds')) ?? '', / 4\.5 \(4-5\) +- +1\.5 \(1-2\) +0\.33 +-$/)
  assert.match(lines.find((line) => line.startsWith('kill -9: until ready')) ?? '', / 700 +- +- +- +-$/)
})

test('a query is told apart by its shape and its sum', () => {
  const run = (server: string, p50: number, sum: number, points = 4) => ({
    server,
    result: { queries: [{ id: 'q1', p50, series: 2, points, sum }] },
  })
  const answer = (...runs: Parameters<typeof scenarioReport>[1]) => scenarioReport('query', runs).at(-1)
  assert.match(
    answer(run('Prometheus', 10, 5), run('VictoriaMetrics', 5, 6), run('Promontory', 2, 5)) ?? '',
    /^q1 +10 +5 +2 +0\.20 +0\.40 +the same$/,
  )
  assert.match(answer(run('Prometheus', 10, 5), run('Promontory', 2, 5.1)) ?? '', /sum 5\.1, theirs 5$/)
  assert.match(answer(run('Prometheus', 10, 5), run('Promontory', 2, 5, 3)) ?? '', /another shape$/)
})

test('a section is replaced, the others stay, in one order', () => {
  const first = withSections('', new Map([['query', ['a', 'b']]]))
  const second = withSections(first, new Map([['scrape5', ['c']]]))
  const third = withSections(second, new Map([['query', ['d']]]))
  const body = (report: string) => report.split('\n').slice(2).join('\n')
  assert.equal(body(first), '== query\na\nb\n')
  assert.equal(body(second), '== scrape5\nc\n\n== query\na\nb\n')
  assert.equal(body(third), '== scrape5\nc\n\n== query\nd\n')
})
