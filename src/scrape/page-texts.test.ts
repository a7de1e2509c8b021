import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PageTexts } from './page-texts.ts'
import { PageBuilders, type SeriesPage, SeriesPageBuilder } from './series-page.ts'

function page(lines: readonly string[], firstRef: number): SeriesPage {
  const builder = new SeriesPageBuilder()
  for (const [i, line] of lines.entries()) {
    const bytes = Buffer.from(line)
    builder.add(bytes, 0, bytes.length, firstRef + i, i === 1 ? 2 : 0, 0)
  }
  return builder.page()
}

test("equal texts are kept once, handles and flags are each page's own", () => {
  const texts = new PageTexts(7)
  const first = texts.share(page(['up', 'down{a="b"}'], 10))
  const second = texts.share(page(['up', 'down{a="b"}'], 20))
  assert.equal(second.bytes, first.bytes)
  assert.equal(second.offsets, first.offsets)
  assert.notEqual(second.flags, first.flags)
  assert.deepEqual([...second.refs], [20, 21])
  assert.deepEqual([...first.refs], [10, 11])
})

test('the same bytes cut into other lines are another text', () => {
  const texts = new PageTexts(7)
  const first = texts.share(page(['ab', 'c'], 0))
  const second = texts.share(page(['a', 'bc'], 0))
  assert.deepEqual([...first.offsets], [0, 2, 3])
  assert.deepEqual([...second.offsets], [0, 1, 3])
})

test('many different texts stay what they are', () => {
  const texts = new PageTexts(7)
  const pages = Array.from({ length: 500 }, (_, i) => texts.share(page([`series_${i}`], i)))
  for (const [i, { bytes, refs }] of pages.entries()) {
    assert.equal(Buffer.from(bytes).toString(), `series_${i}`)
    assert.deepEqual([...refs], [i])
  }
  assert.equal(texts.size, 500)
})

test('what was built with a builder stays when the builder goes on', () => {
  const texts = new PageTexts(7)
  const builders = new PageBuilders()
  const built = [['a', 'bb'], ['ccc'], ['a', 'bb']].map((lines, i) => {
    const builder = builders.take(false)
    for (const [n, line] of lines.entries()) builder.add(Buffer.from(line), 0, line.length, 10 * i + n, 0, 0)
    const page = texts.share(builder.page())
    builders.give(builder)
    return page
  })
  assert.deepEqual(
    built.map(({ bytes, offsets, refs }) => [Buffer.from(bytes).toString(), [...offsets], [...refs]]),
    [
      ['abb', [0, 1, 3], [0, 1]],
      ['ccc', [0, 3], [10]],
      ['abb', [0, 1, 3], [20, 21]],
    ],
  )
  assert.equal(built[2].bytes, built[0].bytes)
})
