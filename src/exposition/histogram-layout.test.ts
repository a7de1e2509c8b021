import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LAYOUT_MARKER, LayoutReader, LayoutWriter, LineRole, layoutKey } from './histogram-layout.ts'

const bytes = (text: string) => new Uint8Array(Buffer.from(text))

test('a layout reads as it was written', () => {
  const writer = new LayoutWriter()
  const pairs = ['__name__', 'h', 'a', 'ü"']
  writer.begin(bytes('h'), layoutKey(pairs), ['b'])
  writer.addLine(LineRole.bucket, 0.5, bytes('xh_bucket{le="0.5"}'), 1, 19)
  writer.addLine(LineRole.sum, 0, bytes('h_sum'), 0, 5)
  assert.equal(writer.bytes[0], LAYOUT_MARKER)
  // Anywhere among other bytes, as a page of series has it.
  const page = new Uint8Array(7 + writer.length)
  page.set(writer.bytes.subarray(0, writer.length), 7)
  const reader = new LayoutReader()
  reader.reset(page, 7)
  assert.ok(reader.isOfFamily(bytes('h')))
  assert.ok(!reader.isOfFamily(bytes('g')))
  assert.deepEqual(reader.labels().pairs, pairs)
  assert.deepEqual(reader.emptyNames(), ['b'])
  const line = () => Buffer.from(page.subarray(reader.lineStart, reader.lineEnd)).toString()
  reader.nextLine()
  assert.deepEqual([reader.role, reader.bound, line()], [LineRole.bucket, 0.5, 'h_bucket{le="0.5"}'])
  const afterFirst = reader.position
  reader.nextLine()
  assert.deepEqual([reader.role, line(), reader.position], [LineRole.sum, 'h_sum', page.length])

  const again = new LayoutWriter()
  again.copyFrom(page, 7, afterFirst)
  again.addLine(LineRole.sum, 0, bytes('h_sum'), 0, 5)
  assert.deepEqual(again.bytes.subarray(0, again.length), page.subarray(7))
})
