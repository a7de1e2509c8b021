import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { sortStrings } from '../model/labels.ts'
import { unlimitedContext } from './query-context.ts'
import { uniteTexts } from './unite-texts.ts'

const { budget } = unlimitedContext()
const seed = Number(process.env.PROMONTORY_SEED ?? 1)

test('sorted lists become one, each text once, cut at the limit', () => {
  const texts = fc.uniqueArray(fc.oneof(fc.string({ unit: 'binary', maxLength: 3 }), fc.constantFrom('a', 'b', 'c', '\ue000', '\u{10000}')))
  fc.assert(
    fc.property(fc.array(texts, { maxLength: 6 }), fc.nat({ max: 4 }), (lists, limit) => {
      const want = sortStrings([...new Set(lists.flat())])
      const got = uniteTexts(
        lists.map((list) => sortStrings(list)),
        limit,
        budget,
      )
      assert.deepEqual(got, limit === 0 ? want : want.slice(0, limit))
    }),
    { seed },
  )
})
