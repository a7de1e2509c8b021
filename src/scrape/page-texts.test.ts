import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PageTexts } from './page-texts.ts'
import { type SeriesPage, SeriesPageBuilder } from './series-page.ts'

function page(lines: readonly string[], firstRef: number): SeriesPage {
  const builder = new SeriesPageBuilder(lines.length, 0, false)
  for (const [i, line] of lines.entries()) {
    const bytes = Buffer.from(line)
    builder.add(bytes, 0, bytes.length, firstRef + i, i === 1 ? 2 : 0, 0)
  }
  return builder.build()
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
