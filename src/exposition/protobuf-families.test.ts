import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expositionPage, mutatedPage } from '../../test/support/exposition-page-generator.ts'
import { seededRandom } from '../base/virtual/random.ts'
import { ExpositionError } from './exposition-error.ts'
import { protobufFamilies } from './protobuf-families.ts'
import { protobufFamily } from './protobuf-writer.ts'

test('families that were read are written and read again as they were; damaged pages are read or refused', () => {
  const random = seededRandom(Number(process.env.PROMONTORY_SEED ?? 11))
  let [read, refused, natives] = [0, 0, 0]
  for (let round = 0; round < 150; round++) {
    const page = expositionPage(random, { now: 1e12, utf8Names: true, timestamps: true, nativeHistograms: true, created: true }).protobuf
    const families = protobufFamilies(Buffer.from(page))
    read += families.length
    for (const { metrics } of families)
      for (const metric of metrics) if (metric.kind === 'histogram' && metric.native !== undefined) natives++
    assert.deepEqual(protobufFamilies(Buffer.concat(families.map(protobufFamily))), families)
    try {
      protobufFamilies(Buffer.from(mutatedPage(random, page)))
    } catch (error) {
      assert.ok(error instanceof ExpositionError, String(error))
      refused++
    }
  }
  assert.ok(read > 200 && refused > 20 && natives > 5, `${read} read, ${refused} refused, ${natives} native`)
})
