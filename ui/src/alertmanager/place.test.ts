import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePlace, placeHref } from './place.ts'

test('links of upstream’s templates are read', () => {
  assert.deepEqual(parsePlace('#/alerts?receiver=team+a%2Fb'), { path: '/alerts', search: { receiver: 'team a/b' } })
  // As browsers leave it, and as Go's urlquery writes it.
  for (const filter of [
    '{alertname="A b",x=~"a|b"}',
    '%7Balertname%3D%22A+b%22%2Cx%3D~%22a%7Cb%22%7D',
    '{alertname=%22A%20b%22,x=~%22a|b%22}',
  ]) {
    assert.deepEqual(parsePlace(`#/silences/new?filter=${filter}`), {
      path: '/silences/new',
      search: { filter: '{alertname="A b",x=~"a|b"}' },
    })
  }
  for (const hash of ['', '#', '#/', '#/alerts']) assert.deepEqual(parsePlace(hash), { path: '/alerts', search: {} })
  assert.equal(parsePlace('#/silences/').path, '/silences')
})

test('what a link says is what is read', () => {
  const search = { filter: '{a="b&c=d#e?+ %"}', receiver: 'ü' }
  assert.deepEqual(parsePlace(placeHref('/alerts', search)), { path: '/alerts', search })
  assert.equal(placeHref('/alerts', { filter: '', receiver: undefined }), '#/alerts')
})
