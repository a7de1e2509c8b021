import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatMeta, parseMeta } from './block-meta.ts'

const FULL = `{
	"ulid": "01M80XXP9FAQGSN2PF6DY7EXPS",
	"minTime": -5,
	"maxTime": 1565133723501,
	"stats": {
		"numSamples": 4,
		"numHistogramSamples": 4,
		"numSeries": 2,
		"numChunks": 2,
		"numTombstones": 1
	},
	"compaction": {
		"level": 2,
		"sources": [
			"01M80XXP9FAQGSN2PF6DY7EXPS"
		],
		"deletable": true,
		"parents": [
			{
				"ulid": "01M80XXPFNQR7A0H9EJ97P8P2D",
				"minTime": 1,
				"maxTime": 2
			}
		],
		"failed": true,
		"hints": [
			"from-out-of-order"
		]
	},
	"version": 1,
	"thanos": {
		"labels": {
			"replica": "a"
		}
	}
}`

test('what is read is written again byte for byte, fields that are not known too', () => {
  const meta = parseMeta(FULL, 'meta.json')
  assert.equal(formatMeta(meta), FULL)
  assert.deepEqual(meta.compaction.hints, ['from-out-of-order'])
  const small = '{"ulid":"01M80XXP9FAQGSN2PF6DY7EXPS","minTime":0,"maxTime":0,"stats":{},"compaction":{"level":1},"version":1}'
  assert.equal(JSON.stringify(JSON.parse(formatMeta(parseMeta(small, 'meta.json')))), small)
})

test('what is no meta.json is said, with what was found and wanted', () => {
  const check = (from: string, to: string, message: RegExp) =>
    assert.throws(() => parseMeta(FULL.replace(from, to), 'd/meta.json'), message)
  check('{', '', /^DamageError: d\/meta.json at offset 0: content is .*, want JSON$/)
  check('"version": 1', '"version": 2', /version is 2, want 1$/)
  check('"version": 1', '"other": 1', /version is missing, want 1$/)
  check('"minTime": -5', '"minTime": 1e99', /minTime is 1e\+99, want an integer up to 2\^53$/)
  check('"minTime": -5', '"minTime": 1565133723502', /minTime is 1565133723502, want at most maxTime, 1565133723501$/)
  check('01M80XXP9FAQGSN2PF6DY7EXPS', 'x', /ulid is "x", want a ULID$/)
  check('"numSeries": 2', '"numSeries": -2', /stats.numSeries is -2, want not negative$/)
  assert.throws(() => parseMeta('[]', 'm'), /content is \[\], want an object$/)
})
